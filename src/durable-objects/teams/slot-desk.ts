// Hands out running slots: whoever's turn it is gets one as soon as one is free, and is told.
import type { Spender } from "../../shared/budgets/budget-policy.ts";
import type { SessionApi } from "../../shared/rpc/session-api.ts";
import type { SlotAnswer, SlotRequest } from "../../shared/rpc/team-api.ts";
import { decideGrants, orderWaiting, type SlotLimits } from "../../shared/teams/slot-policy.ts";
import type { SlotRow, SlotStore } from "./slot-store.ts";

/** A slot that was granted to somebody who waited is held this long for the one who was told. */
const GRANT_TTL_MS = 120_000;

type Parts = {
  slots: SlotStore;
  limits: SlotLimits;
  /** Whether a budget lets one more session work beside those that do. */
  mayWork(spender: Omit<Spender, "team_id">, working: readonly Omit<Spender, "team_id">[]): boolean;
  /** A turn had its slot for so long. */
  worked(spender: Omit<Spender, "team_id">, ms: number): void;
  nowMs(): number;
  session(sessionId: string): Pick<SessionApi, "slotGranted">;
  /** Tells without waiting for an answer; who does not hear it asks again by itself. */
  background(work: Promise<unknown>): void;
  lookAgainAt(atMs: number | null): void;
};

export type SlotDesk = {
  request(request: SlotRequest): SlotAnswer;
  release(turnId: string): void;
  /** Takes back what expired, and gives it on. */
  review(): void;
};

export function createSlotDesk(parts: Parts): SlotDesk {
  const { slots } = parts;

  const freed = (row: SlotRow | null): void => {
    if (row !== null && row.granted_at !== null)
      parts.worked(row, Math.min(parts.nowMs(), row.expires_at) - row.granted_at);
  };

  /** `asking` is not told: it gets its answer directly. */
  const settle = (asking: string | null): void => {
    for (const row of slots.removeExpired(parts.nowMs())) freed(row);
    // Who is held back by a budget holds nobody else back.
    const waiting = slots.waiting().filter((turn) => parts.mayWork(turn, slots.running()));
    for (const turnId of decideGrants({ running: users(slots.running()), waiting, limits: parts.limits })) {
      const row = waiting.find((turn) => turn.turn_id === turnId);
      // Another of the same budget may have gone first.
      if (row === undefined || !parts.mayWork(row, slots.running())) continue;
      slots.grant(turnId, turnId === asking ? row.expires_at : parts.nowMs() + GRANT_TTL_MS, parts.nowMs());
      if (turnId !== asking) parts.background(parts.session(row.session_id).slotGranted(turnId));
    }
    parts.lookAgainAt(slots.nextExpiry());
  };

  const restore = (turnId: string): void => {
    const row = slots.get(turnId);
    if (row !== null && row.waiting_since !== null) slots.grant(turnId, row.expires_at, parts.nowMs());
  };

  return {
    request(request) {
      slots.renew(request, parts.nowMs());
      if (request.works === true) restore(request.turn_id);
      settle(request.turn_id);
      const row = slots.get(request.turn_id);
      if (row !== null && row.waiting_since === null) {
        return { granted: true, expires_at: new Date(row.expires_at).toISOString() };
      }
      const running = slots.running();
      const own = running.filter((turn) => turn.user_id === request.user_id).length;
      const order = orderWaiting({ running: users(running), waiting: slots.waiting() });
      const ofLimits = own >= parts.limits.per_user ? "user" : "team";
      const limit = parts.mayWork(request, running) ? ofLimits : "budget";
      return { granted: false, position: order.indexOf(request.turn_id) + 1, limit, running: running.length };
    },
    release(turnId) {
      freed(slots.remove(turnId));
      settle(null);
    },
    review: () => settle(null),
  };
}

function users(rows: readonly SlotRow[]): string[] {
  return rows.map((row) => row.user_id);
}
