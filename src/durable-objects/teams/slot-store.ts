// Running slots of a team and who waits for one: a slot expires when nobody renews it, a place in the queue as well.
import { type Subject, subjectsOf } from "../../shared/budgets/budget-policy.ts";
import type { SlotRequest } from "../../shared/rpc/team-api.ts";
import { BUDGET_SCHEMA, RESERVING_SCHEMA, WORKED_SCHEMA } from "../budgets/budget-store.ts";
import { KNOWN_BUDGETS_SCHEMA } from "../budgets/known-budgets.ts";
import { ALARM_SCHEMA } from "../alarms/alarm-clock.ts";
import { AUDIT_SCHEMA } from "../audit/audit-store.ts";
import type { ObjectSql } from "../sql/migrate.ts";
import { TELEMETRY_INDEX, TELEMETRY_SCHEMA } from "../telemetry/telemetry-store.ts";
import { TEAM_SCHEMA } from "./team-store.ts";

export const TEAM_MIGRATIONS = [
  `CREATE TABLE slots (
    turn_id TEXT PRIMARY KEY,
    session_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    expires_at INTEGER NOT NULL
  ) WITHOUT ROWID;`,
  `ALTER TABLE slots ADD COLUMN waiting_since INTEGER;
   ${ALARM_SCHEMA};`,
  TEAM_SCHEMA,
  BUDGET_SCHEMA,
  `ALTER TABLE slots ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;`,
  AUDIT_SCHEMA,
  TELEMETRY_SCHEMA,
  `ALTER TABLE slots ADD COLUMN project_id TEXT NOT NULL DEFAULT '';
   ALTER TABLE slots ADD COLUMN agent_id TEXT;
   ALTER TABLE slots ADD COLUMN granted_at INTEGER;
   ${WORKED_SCHEMA}`,
  `${RESERVING_SCHEMA} ${KNOWN_BUDGETS_SCHEMA}`,
  TELEMETRY_INDEX,
] as const;

/** `waiting_since` is null once the slot is held. */
export type SlotRow = {
  turn_id: string;
  session_id: string;
  user_id: string;
  project_id: string;
  agent_id: string | null;
  expires_at: number;
  waiting_since: number | null;
  /** Null while it waits. */
  granted_at: number | null;
  priority: number;
};

export type SlotStore = {
  /** Keeps the turn's slot or place for another while; a new turn gets a place at the end. */
  renew(request: SlotRequest, nowMs: number): void;
  grant(turnId: string, expiresAtMs: number, nowMs: number): void;
  /** Gives the row that went; null for none. */
  remove(turnId: string): SlotRow | null;
  /** Gives the rows that went. */
  removeExpired(nowMs: number): SlotRow[];
  get(turnId: string): SlotRow | null;
  running(): SlotRow[];
  /** In the order in which they came. */
  waiting(): SlotRow[];
  /** How long the subject's turns that hold a slot have held it. */
  workingMs(subject: Subject, nowMs: number): number;
  /** When the next slot or place expires; null for none. */
  nextExpiry(): number | null;
};

export function createSlotStore(sql: ObjectSql): SlotStore {
  const all = (where: string, ...bindings: SqlStorageValue[]): SlotRow[] =>
    sql.exec<SlotRow>(`SELECT * FROM slots ${where}`, ...bindings).toArray();
  return {
    renew(request, nowMs) {
      sql.exec(
        `INSERT INTO slots (turn_id, session_id, user_id, expires_at, waiting_since, priority, project_id, agent_id)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET expires_at = excluded.expires_at`,
        request.turn_id,
        request.session_id,
        request.user_id,
        nowMs + request.ttl_seconds * 1000,
        nowMs,
        request.priority ?? 0,
        request.project_id,
        request.agent_id,
      );
    },
    grant(turnId, expiresAtMs, nowMs) {
      const grant = "UPDATE slots SET waiting_since = NULL, expires_at = ?, granted_at = ? WHERE turn_id = ?";
      sql.exec(grant, expiresAtMs, nowMs, turnId);
    },
    remove: (turnId) =>
      sql.exec<SlotRow>("DELETE FROM slots WHERE turn_id = ? RETURNING *", turnId).toArray()[0] ?? null,
    removeExpired: (nowMs) => sql.exec<SlotRow>("DELETE FROM slots WHERE expires_at <= ? RETURNING *", nowMs).toArray(),
    get: (turnId) => all("WHERE turn_id = ?", turnId)[0] ?? null,
    running: () => all("WHERE waiting_since IS NULL"),
    waiting: () => all("WHERE waiting_since IS NOT NULL ORDER BY waiting_since, turn_id"),
    workingMs(subject, nowMs) {
      const rows = all("WHERE waiting_since IS NULL").filter((row) => subjectsOf(row).includes(subject));
      return rows.reduce((sum, row) => sum + nowMs - (row.granted_at ?? nowMs), 0);
    },
    nextExpiry: () => sql.exec<{ at: number | null }>("SELECT min(expires_at) AS at FROM slots").one().at,
  };
}
