// Brings prompts into the running turn; one whose turn ended first becomes a turn of its own.
import { withDeadline } from "../deadline.ts";
import type { RunnerLink } from "../runner/runner-link.ts";
import type { SessionLog, SessionLogParts } from "../sessions/session-log.ts";
import type { TurnRow } from "../sessions/turn-store.ts";
import type { SteerRow, SteerStore } from "./steer-store.ts";

const DEADLINE_MS = 10_000;

type Parts = Pick<SessionLogParts, "turns" | "events" | "clock"> & {
  steers: SteerStore;
  log: SessionLog;
  driveAgainAt(atMs: number): void;
};

const LOOK_AGAIN_MS = 1_000;

export type SteerDesk = {
  /** The turn that a prompt can join now; null when none runs or is about to. */
  target(): TurnRow | null;
  /** To be called inside `log.write`. */
  add(turn: TurnRow, prompt: string, idempotencyKey: string | null): SteerRow;
  /** Says to the runner what it may not have heard. */
  deliver(link: RunnerLink): Promise<void>;
  /** Queues the prompts whose turn has ended without them. */
  requeue(): void;
};

export function createSteerDesk(parts: Parts): SteerDesk {
  const { turns, steers, events, log, clock } = parts;

  const requeue = (steer: SteerRow): void => {
    const before = turns.get(steer.turn_id);
    if (before === null) return;
    log.write(() => {
      const turn = turns.add({
        ...before,
        options: { ...before.options, attachments: [] },
        turn_id: clock.newId(),
        origin: "prompt",
        status: "queued",
        prompt: steer.prompt,
        idempotency_key: null,
        submitted_cursor: events.cursor(),
        runtime_id: null,
        created_at: clock.nowIso(),
      });
      steers.settle(steer.steer_id, turn.turn_id);
      log.refreshStatus();
    });
  };

  const deliverOne = async (link: RunnerLink, steer: SteerRow): Promise<void> => {
    const { steer_id, turn_id, prompt } = steer;
    const { state } = await withDeadline(link.runner.steerTurn({ steer_id, turn_id, prompt }), DEADLINE_MS);
    // The turn is over, which its end will say, or has no CLI yet: until one of both is known nothing is decided.
    if (state === "over") return parts.driveAgainAt(clock.nowMs() + LOOK_AGAIN_MS);
    log.write(() => {
      steers.settle(steer_id, turn_id);
      events.append({ type: "turn_steered", turn_id, data: { prompt } });
    });
  };

  return {
    target: () => turns.open().at(0) ?? null,
    add(turn, prompt, idempotency_key) {
      const cursor = { submitted_cursor: events.cursor() };
      const steer = { steer_id: clock.newId(), turn_id: turn.turn_id, prompt, idempotency_key, ...cursor };
      steers.add(steer);
      return steer;
    },
    async deliver(link) {
      for (const steer of steers.pending()) {
        if (turns.get(steer.turn_id)?.status === "running") await deliverOne(link, steer);
      }
    },
    requeue() {
      for (const steer of steers.pending()) if (turns.get(steer.turn_id)?.ended_at !== null) requeue(steer);
    },
  };
}
