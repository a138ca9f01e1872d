// Running slots of a team: one a turn, as leases that expire when nobody renews them.
import type { ObjectSql } from "../sql/migrate.ts";
import type { SlotRequest } from "../../shared/rpc/team-api.ts";

export const TEAM_MIGRATIONS = [
  `CREATE TABLE slots (
    turn_id TEXT PRIMARY KEY,
    session_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    expires_at INTEGER NOT NULL
  ) WITHOUT ROWID;`,
] as const;

export type SlotStore = {
  /** Takes the turn's slot or renews it; the time at which it expires. */
  take(request: SlotRequest, nowMs: number): number;
  release(turnId: string): void;
  count(nowMs: number): number;
};

export function createSlotStore(sql: ObjectSql): SlotStore {
  return {
    take(request, nowMs) {
      const expiresAt = nowMs + request.ttl_seconds * 1000;
      sql.exec("DELETE FROM slots WHERE expires_at <= ?", nowMs);
      sql.exec(
        `INSERT INTO slots (turn_id, session_id, user_id, expires_at) VALUES (?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET expires_at = excluded.expires_at`,
        request.turn_id,
        request.session_id,
        request.user_id,
        expiresAt,
      );
      return expiresAt;
    },
    release(turnId) {
      sql.exec("DELETE FROM slots WHERE turn_id = ?", turnId);
    },
    count: (nowMs) => sql.exec<{ n: number }>("SELECT count(*) AS n FROM slots WHERE expires_at > ?", nowMs).one().n,
  };
}
