// The workspace's lease: turns of all its sessions and operations take it in order, one at a time. The first in the queue holds it.
import type { ObjectSql } from "../sql/migrate.ts";

export const LEASE_KINDS = ["turn", "checkpoint", "restore", "export"] as const;
export type LeaseKind = (typeof LEASE_KINDS)[number];
export const LEASE_WORDS: Record<Exclude<LeaseKind, "turn">, string> = {
  checkpoint: "A checkpoint",
  restore: "A restore",
  export: "An export",
};

/** A turn of a session, or an operation under its own id and of no session. */
export type LeaseHolder = { turn_id: string; session_id: string; kind: LeaseKind };

export type LeaseStore = {
  /** Joins the queue once; the place in it, where 0 holds the lease. */
  join(turn: LeaseHolder): number;
  /** Puts an operation in the place of a turn, or at the end when the turn had none. */
  replace(turnId: string, operation: LeaseHolder): void;
  leave(turnId: string): void;
  holder(): LeaseHolder | null;
  all(): LeaseHolder[];
};

export function createLeaseStore(sql: ObjectSql): LeaseStore {
  const all = (): LeaseHolder[] =>
    sql.exec<LeaseHolder>("SELECT turn_id, session_id, kind FROM leases ORDER BY place").toArray();
  const join = ({ turn_id, session_id, kind }: LeaseHolder): number => {
    sql.exec(
      `INSERT INTO leases (turn_id, session_id, place, kind)
       VALUES (?, ?, (SELECT coalesce(max(place), 0) + 1 FROM leases), ?) ON CONFLICT (turn_id) DO NOTHING`,
      turn_id,
      session_id,
      kind,
    );
    return all().findIndex((holder) => holder.turn_id === turn_id);
  };
  return {
    all,
    join,
    holder: () => all()[0] ?? null,
    replace(turnId, { turn_id, session_id, kind }) {
      const replaced = sql.exec(
        "UPDATE leases SET turn_id = ?, session_id = ?, kind = ? WHERE turn_id = ? RETURNING place",
        turn_id,
        session_id,
        kind,
        turnId,
      );
      if (replaced.toArray().length === 0) join({ turn_id, session_id, kind });
    },
    leave(turnId) {
      sql.exec("DELETE FROM leases WHERE turn_id = ?", turnId);
    },
  };
}
