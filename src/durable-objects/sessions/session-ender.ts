// Stops a turn, or the whole session: what waits is cancelled at once, what runs is told to stop.
import { withDeadline } from "../deadline.ts";
import type { PermissionBook } from "../permissions/permission-book.ts";
import type { RunnerConnection } from "../runner/runner-connection.ts";
import type { SessionLog, SessionLogParts } from "./session-log.ts";
import type { TurnRow } from "./turn-store.ts";

const END_DEADLINE_MS = 5_000;
/** By then an end that was not cut off is done. */
const FINISH_MS = 20_000;

type Parts = Pick<SessionLogParts, "sessions" | "turns" | "clock"> & {
  log: SessionLog;
  permissions: Pick<PermissionBook, "endTurn">;
  connection: RunnerConnection;
  /** Looks again at that time, whatever happens to the object meanwhile. */
  driveAgainAt(atMs: number): void;
  onError(error: unknown): void;
};

export type SessionEnder = {
  /** Stops the running turn, else the first that waits. */
  interrupt(): Promise<void>;
  /** From here on nothing is accepted and no model request passes; then the CLI ends. */
  end(reason: string): Promise<void>;
  /** The second half of an end, also of one that was cut off: the CLI ends, and then what still runs. */
  finish(): Promise<void>;
};

export function createSessionEnder(parts: Parts): SessionEnder {
  const { turns, log, connection } = parts;

  const cancel = (turn: TurnRow, reason: string): void =>
    log.turnEnded(turn, { status: "interrupted", reason, result: null, error: null });

  const finish = async (): Promise<void> => {
    const { status, status_reason, runtime_id: runtimeId } = parts.sessions.get();
    if (status !== "ended") return;
    const link = runtimeId === null ? null : await connection.open(runtimeId);
    if (link !== null) await withDeadline(link.runner.endSession(), END_DEADLINE_MS).catch(parts.onError);
    log.write(() => {
      for (const turn of turns.open()) cancel(turn, status_reason ?? "the session has ended");
    });
  };

  return {
    finish,
    async interrupt() {
      const handedOver = turns.open();
      const open = handedOver.find((turn) => turn.status === "running") ?? handedOver[0];
      const waiting = turns.nextQueued();
      if (open === undefined) {
        if (waiting !== null) log.write(() => cancel(waiting, "interrupted on request before it began"));
        return;
      }
      turns.requestInterrupt(open.turn_id);
      // What the runner does not hear now is said again with the next hand-over (turn-beginner.ts).
      const told = connection.current()?.runner.interruptTurn({ turn_id: open.turn_id });
      // On its way first: Claude is stopped before it hears that what it asked for is denied.
      log.write(() => {
        parts.permissions.endTurn(open.turn_id, "interrupt");
        log.refreshStatus();
      });
      if (told !== undefined) await withDeadline(told, END_DEADLINE_MS).catch(parts.onError);
    },
    async end(reason) {
      if (parts.sessions.get().status === "ended") return;
      log.write(() => {
        for (const turn of turns.queued()) cancel(turn, reason);
        for (const turn of turns.open()) parts.permissions.endTurn(turn.turn_id, "turn_ended");
        log.sessionEnded(reason);
        parts.driveAgainAt(parts.clock.nowMs() + FINISH_MS);
      });
      await finish();
    },
  };
}
