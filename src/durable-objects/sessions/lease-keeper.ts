// The turns' hold on workspace and team: gives back what ended turns held, and waits for what a follow-up needs.
import { WATCH_INTERVAL_MS } from "../../shared/limits.ts";
import type { TeamApi } from "../../shared/rpc/team-api.ts";
import type { TurnEnding, WorkspaceApi } from "../../shared/rpc/workspace-api.ts";
import type { Clock } from "../clock.ts";
import { CALL_DEADLINE_MS, withDeadline } from "../deadline.ts";
import { describeEnding } from "../checkpoints/turn-ending.ts";
import type { ToolCheckpoints } from "../checkpoints/tool-checkpoints.ts";
import type { EventStore } from "../events/event-store.ts";
import type { SessionStore } from "./session-store.ts";
import { slotRequest } from "./slot-request.ts";
import { identityOf } from "./turn-beginner.ts";
import type { TurnRow, TurnStore } from "./turn-store.ts";

const LOOK_AGAIN_MS = 2_000;
/** The Workspace object looks at the files before it hands the lease on. */
const RELEASE_DEADLINE_MS = 40_000;

type Parts = {
  sessions: SessionStore;
  turns: TurnStore;
  events: EventStore;
  toolCheckpoints: Pick<ToolCheckpoints, "learn">;
  workspace(): WorkspaceApi;
  team(): TeamApi;
  clock: Clock;
};

export type LeaseKeeper = {
  readonly watchEveryMs: number;
  /** Gives back lease and slot of every turn that has ended; what fails is tried again with the next call. */
  releaseEnded(): Promise<void>;
  /** Of the turns that are under way, and of the one whose sandbox is being started. */
  renewSlots(): Promise<void>;
  waitForLease(turnId: string, timeoutMs: number): Promise<boolean>;
  /** The Workspace object says that the lease is this turn's. */
  granted(turnId: string): void;
};

export function createLeaseKeeper(parts: Parts): LeaseKeeper {
  const waiting = new Map<string, Set<() => void>>();

  const requestLease = async (turnId: string): Promise<boolean> => {
    const session = parts.sessions.get();
    const request = { identity: identityOf(session), session_id: session.session_id, turn_id: turnId };
    const lease = await withDeadline(parts.workspace().requestLease(request), CALL_DEADLINE_MS);
    parts.toolCheckpoints.learn(turnId, lease);
    // A prompt of the same session that holds it waits for the follow-up's end: one process works for both.
    return lease.granted || lease.held_by === session.session_id;
  };
  const isOver = (turnId: string): boolean => parts.turns.get(turnId)?.ended_at !== null;
  const giveBack = (turnId: string, ending: TurnEnding | null = null): Promise<void> =>
    withDeadline(parts.workspace().releaseLease(turnId, ending), RELEASE_DEADLINE_MS);
  const nextLook = (turnId: string): Promise<void> =>
    new Promise((resolve) => {
      const wakers = waiting.get(turnId) ?? new Set();
      const wake = (): void => {
        clearTimeout(timer);
        wakers.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, LOOK_AGAIN_MS);
      waiting.set(turnId, wakers.add(wake));
    });

  return {
    watchEveryMs: WATCH_INTERVAL_MS,
    async releaseEnded() {
      for (const turn of parts.turns.unreleased()) {
        const { turn_id } = turn;
        await giveBack(turn_id, describeEnding(parts, turn));
        await withDeadline(parts.team().releaseSlot(turn_id), CALL_DEADLINE_MS);
        parts.turns.markReleased(turn_id);
      }
    },
    async renewSlots() {
      const session = parts.sessions.get();
      for (const turn of [...parts.turns.open(), ...findStarting(parts)]) {
        await withDeadline(
          parts.team().requestSlot({ ...slotRequest(session, turn, 0), works: true }),
          CALL_DEADLINE_MS,
        );
      }
    },
    async waitForLease(turnId, timeoutMs) {
      const deadline = parts.clock.nowMs() + timeoutMs;
      while (!isOver(turnId)) {
        const isGranted = await requestLease(turnId);
        // What it held was given back when it ended: a place that was asked for before that is one too many.
        if (isOver(turnId)) await giveBack(turnId);
        else if (isGranted) return true;
        else if (parts.clock.nowMs() >= deadline) return false;
        else await nextLook(turnId);
      }
      return false;
    },
    granted(turnId) {
      for (const wake of waiting.get(turnId) ?? []) wake();
      waiting.delete(turnId);
    },
  };
}

/** The turn whose sandbox is being started has its slot; one that has to wait first gives a reason, and has none. */
function findStarting({ sessions, turns }: Parts): TurnRow[] {
  const { status, status_reason } = sessions.get();
  const turn = turns.open().length === 0 ? turns.nextQueued() : null;
  return turn !== null && status === "starting" && status_reason === null ? [turn] : [];
}
