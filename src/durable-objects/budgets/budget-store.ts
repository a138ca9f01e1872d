// What a team's subjects have spent in each period, what is reserved, and which turns began lately.
import { periodsAt, subjectsOf, type Spender } from "../../shared/budgets/budget-policy.ts";
import type { MoneyRequest, Settlement } from "../../shared/budgets/messages.ts";
import type { ObjectSql } from "../sql/migrate.ts";

export const BUDGET_SCHEMA = `
  CREATE TABLE spent (
    subject TEXT NOT NULL,
    period TEXT NOT NULL,
    usd REAL NOT NULL,
    PRIMARY KEY (subject, period)
  ) WITHOUT ROWID;
  CREATE TABLE reserved (
    request_id TEXT NOT NULL,
    subject TEXT NOT NULL,
    usd REAL NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (subject, request_id)
  ) WITHOUT ROWID;
  CREATE INDEX reserved_by_request ON reserved (request_id);
  CREATE TABLE settled (
    request_id TEXT PRIMARY KEY,
    settled_at INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE begun_turns (
    subject TEXT NOT NULL,
    turn_id TEXT NOT NULL,
    begun_at INTEGER NOT NULL,
    PRIMARY KEY (subject, turn_id)
  ) WITHOUT ROWID;
`;

/** How long turns worked in sandboxes, in milliseconds by day. */
export const WORKED_SCHEMA = `
  CREATE TABLE worked (
    subject TEXT NOT NULL,
    day TEXT NOT NULL,
    ms INTEGER NOT NULL,
    PRIMARY KEY (subject, day)
  ) WITHOUT ROWID;
`;

/** Whose request it is: of one session, the second and those after it are held more strictly. */
export const RESERVING_SCHEMA = `
  ALTER TABLE reserved ADD COLUMN session_id TEXT NOT NULL DEFAULT '';
  CREATE INDEX reserved_by_session ON reserved (session_id);
`;

type Reserving = Omit<Spender, "team_id"> & Pick<MoneyRequest, "request_id" | "session_id">;

const HOUR_MS = 60 * 60 * 1000;
/** A settlement that is said again comes soon after the first time. */
const SETTLED_KEPT_MS = 48 * HOUR_MS;
/** Periods before the last month are nobody's limit. */
const SPENT_KEPT_MS = 63 * 24 * HOUR_MS;

export type BudgetStore = {
  spent(subject: string, period: string): number;
  reserved(subject: string): number;
  reserve(request: Reserving, usd: number, expiresAtMs: number): void;
  /** Whether something is set aside for another request of its session. */
  hasOther(request: Pick<MoneyRequest, "request_id" | "session_id">): boolean;
  /** Takes the reservation back and adds what it cost. False when it was settled before. */
  settle(settlement: Settlement, nowMs: number): boolean;
  isSettled(requestId: string): boolean;
  /** When each of the subject's turns of the last hour began, the oldest first, without that one. */
  begunWithin(subject: string, sinceMs: number, exceptTurn: string): number[];
  begin(turnId: string, spender: Omit<Spender, "team_id">, nowMs: number): void;
  addWorked(spender: Omit<Spender, "team_id">, day: string, ms: number): void;
  workedMs(subject: string, day: string): number;
  forgetOld(nowMs: number): void;
};

export function createBudgetStore(sql: ObjectSql): BudgetStore {
  const sum = (query: string, ...bindings: SqlStorageValue[]): number =>
    sql.exec<{ usd: number | null }>(query, ...bindings).one().usd ?? 0;
  return {
    spent: (subject, period) =>
      sum("SELECT sum(usd) AS usd FROM spent WHERE subject = ? AND period = ?", subject, period),
    reserved: (subject) => sum("SELECT sum(usd) AS usd FROM reserved WHERE subject = ?", subject),
    reserve(request, usd, expiresAtMs) {
      for (const subject of subjectsOf(request)) {
        const row = [request.request_id, subject, usd, expiresAtMs, request.session_id];
        sql.exec("INSERT OR REPLACE INTO reserved VALUES (?, ?, ?, ?, ?)", ...row);
      }
    },
    hasOther: ({ session_id, request_id }) =>
      sql
        .exec("SELECT 1 FROM reserved WHERE session_id = ? AND request_id != ? LIMIT 1", session_id, request_id)
        .toArray().length > 0,
    settle(settlement, nowMs) {
      const { request_id } = settlement;
      sql.exec("DELETE FROM reserved WHERE request_id = ?", request_id);
      const isNew = sql.exec("INSERT OR IGNORE INTO settled VALUES (?, ?)", request_id, nowMs).rowsWritten > 0;
      if (isNew) addSpent(sql, settlement);
      return isNew;
    },
    isSettled: (requestId) => sql.exec("SELECT 1 FROM settled WHERE request_id = ?", requestId).toArray().length > 0,
    begunWithin: (subject, sinceMs, exceptTurn) =>
      sql
        .exec<{ begun_at: number }>(
          "SELECT begun_at FROM begun_turns WHERE subject = ? AND begun_at > ? AND turn_id != ? ORDER BY begun_at",
          subject,
          sinceMs,
          exceptTurn,
        )
        .toArray()
        .map((row) => row.begun_at),
    begin(turnId, spender, nowMs) {
      for (const subject of subjectsOf(spender)) {
        sql.exec("INSERT OR IGNORE INTO begun_turns VALUES (?, ?, ?)", subject, turnId, nowMs);
      }
    },
    addWorked(spender, day, ms) {
      for (const subject of subjectsOf(spender)) {
        const add = "INSERT INTO worked VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET ms = ms + excluded.ms";
        sql.exec(add, subject, day, ms);
      }
    },
    workedMs: (subject, day) =>
      sql
        .exec<{ ms: number | null }>("SELECT sum(ms) AS ms FROM worked WHERE subject = ? AND day = ?", subject, day)
        .one().ms ?? 0,
    forgetOld(nowMs) {
      sql.exec("DELETE FROM reserved WHERE expires_at <= ?", nowMs);
      sql.exec("DELETE FROM settled WHERE settled_at <= ?", nowMs - SETTLED_KEPT_MS);
      sql.exec("DELETE FROM begun_turns WHERE begun_at <= ?", nowMs - HOUR_MS);
      sql.exec("DELETE FROM spent WHERE period < ?", periodsAt(nowMs - SPENT_KEPT_MS).month);
      sql.exec("DELETE FROM worked WHERE day < ?", periodsAt(nowMs - SETTLED_KEPT_MS).day);
    },
  };
}

/** In the periods in which the request ended. */
function addSpent(sql: ObjectSql, settlement: Settlement): void {
  for (const subject of subjectsOf(settlement)) {
    for (const period of Object.values(periodsAt(settlement.at_ms))) {
      const add = "INSERT INTO spent VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET usd = usd + excluded.usd";
      sql.exec(add, subject, period, settlement.usd);
    }
  }
}
