// Which turns were stopped by a budget and why, and which limits the session was warned of.
import { z } from "zod";
import { ERROR_CODES } from "../../shared/errors/error-code.ts";
import type { Failure } from "../../shared/errors/app-error.ts";
import type { ObjectSql } from "../sql/migrate.ts";

export const REFUSAL_SCHEMA = `
  CREATE TABLE budget_refusals (
    turn_id TEXT PRIMARY KEY,
    code TEXT NOT NULL,
    message TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE budget_warnings (limit_period TEXT PRIMARY KEY) WITHOUT ROWID;
`;

const rowSchema = z.object({ code: z.enum(ERROR_CODES), message: z.string() });

export type RefusalStore = {
  add(turnId: string, refusal: Failure): void;
  of(turnId: string): Failure | null;
  remove(turnId: string): void;
  isWarned(limitAndPeriod: string): boolean;
  setWarned(limitAndPeriod: string): void;
};

export function createRefusalStore(sql: ObjectSql): RefusalStore {
  return {
    add(turnId, { code, message }) {
      sql.exec("INSERT OR REPLACE INTO budget_refusals VALUES (?, ?, ?)", turnId, code, message);
    },
    of(turnId) {
      const [row] = sql.exec("SELECT code, message FROM budget_refusals WHERE turn_id = ?", turnId).toArray();
      return row === undefined ? null : rowSchema.parse(row);
    },
    remove(turnId) {
      sql.exec("DELETE FROM budget_refusals WHERE turn_id = ?", turnId);
    },
    isWarned: (limit) => sql.exec("SELECT 1 FROM budget_warnings WHERE limit_period = ?", limit).toArray().length > 0,
    setWarned(limit) {
      sql.exec("INSERT OR IGNORE INTO budget_warnings VALUES (?)", limit);
    },
  };
}
