// The workspace's lease: turns of all its sessions take it in order, one at a time. The first in the queue holds it.
import type { ObjectSql } from "../sql/migrate.ts";

export type LeaseHolder = { turn_id: string; session_id: string };

export type LeaseStore = {
  /** Joins the queue once; the place in it, where 0 holds the lease. */
  join(turn: LeaseHolder): number;
  leave(turnId: string): void;
  holder(): LeaseHolder | null;
  all(): LeaseHolder[];
};

export function createLeaseStore(sql: ObjectSql): LeaseStore {
  const all = (): LeaseHolder[] =>
    sql.exec<LeaseHolder>("SELECT turn_id, session_id FROM leases ORDER BY place").toArray();
  return {
    all,
    holder: () => all()[0] ?? null,
    join(turn) {
      sql.exec(
        `INSERT INTO leases (turn_id, session_id, place)
         VALUES (?, ?, (SELECT coalesce(max(place), 0) + 1 FROM leases)) ON CONFLICT (turn_id) DO NOTHING`,
        turn.turn_id,
        turn.session_id,
      );
      return all().findIndex(({ turn_id }) => turn_id === turn.turn_id);
    },
    leave(turnId) {
      sql.exec("DELETE FROM leases WHERE turn_id = ?", turnId);
    },
  };
}
