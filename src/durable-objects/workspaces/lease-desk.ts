// Hands the lease on: in order, to one turn or operation at a time, and takes it back from turns that do not want it any more.
import type { SessionApi } from "../../shared/rpc/session-api.ts";
import type { LeaseAnswer } from "../../shared/rpc/workspace-api.ts";
import type { LeaseHolder, LeaseStore } from "./lease-store.ts";

type Parts = {
  leases: LeaseStore;
  session(sessionId: string): Pick<SessionApi, "leaseGranted" | "wantsLease">;
  /** Tells without waiting for an answer; who does not hear it asks again by itself. */
  background(work: Promise<unknown>): void;
  /** The lease may be an operation's now. */
  operationGranted(): void;
};

export type LeaseDesk = {
  request(turn: Omit<LeaseHolder, "kind">): LeaseAnswer;
  release(turnId: string): void;
  /** Asks everybody in the queue whether they still want it. */
  review(): Promise<void>;
};

export function createLeaseDesk(parts: Parts): LeaseDesk {
  const { leases } = parts;

  const release = (turnId: string): void => {
    const before = leases.holder();
    leases.leave(turnId);
    const after = leases.holder();
    if (after === null || after.turn_id === before?.turn_id) return;
    if (after.kind !== "turn") return parts.operationGranted();
    parts.background(parts.session(after.session_id).leaseGranted(after.turn_id));
  };

  return {
    release,
    request(turn) {
      const place = leases.join({ ...turn, kind: "turn" });
      const holder = leases.holder();
      if (place === 0 || holder === null) return { granted: true };
      const waits = { granted: false, position: place, held_by: holder.session_id } as const;
      return holder.kind === "turn" ? waits : { ...waits, operation: holder.kind };
    },
    async review() {
      for (const turn of leases.all()) {
        // What an operation wants is known here.
        if (turn.kind !== "turn") continue;
        if (!(await parts.session(turn.session_id).wantsLease(turn.turn_id))) release(turn.turn_id);
      }
    },
  };
}
