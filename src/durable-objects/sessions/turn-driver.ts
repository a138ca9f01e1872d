// Drives the session: does the step that the lifecycle policy names until nothing is left to do. One drive at a time;
// every step finds its place again after a restart, so being cut off costs nothing but time.
import { decideAttach, decideDriveStep, type DriveFacts } from "../../shared/sessions/lifecycle-policy.ts";
import type { RunnerConnection } from "../runner/runner-connection.ts";
import type { Clock } from "../clock.ts";
import type { WorkspaceApi } from "../../shared/rpc/workspace-api.ts";
import type { SessionLog } from "./session-log.ts";
import type { SessionStore } from "./session-store.ts";
import type { TurnBeginner } from "./turn-beginner.ts";
import type { TurnRow, TurnStore } from "./turn-store.ts";

export type TurnDriverParts = {
  sessions: SessionStore;
  turns: TurnStore;
  log: SessionLog;
  connection: RunnerConnection;
  beginner: TurnBeginner;
  workspace(): WorkspaceApi;
  clock: Clock;
  /** Looks again at that time, whatever happens to the object meanwhile. */
  driveAgainAt(atMs: number): void;
  /** Looks after the runner from time to time from now on. */
  watch(): void;
  /** Gives lease, slot and, after a while, the connection back. */
  rest(): Promise<void>;
};

export type TurnDriver = {
  /** Runs until nothing is to do now. A call during a run makes it look once more. */
  drive(): Promise<void>;
  requestWake(): void;
  /** The runtime is gone: its turns end, and its tokens are void from here on. */
  loseRuntime(): void;
};

const RETRY_MS = 1_000;

export function createTurnDriver(parts: TurnDriverParts): TurnDriver {
  let running: Promise<void> | null = null;
  let again = false;
  let wakeRequested = false;
  let unreachableSince: number | null = null;

  const facts = (): DriveFacts => ({
    ended: parts.sessions.get().status === "ended",
    openTurns: parts.turns.open().length,
    queuedTurns: parts.turns.queued().length,
    linkLive: parts.connection.current() !== null,
    backgroundTasks: parts.sessions.get().background_tasks,
    wakeRequested,
  });

  /** True when the next step may follow at once. */
  const attach = async (): Promise<boolean> => {
    const session = parts.sessions.get();
    if (session.runtime_id === null) return lose(parts);
    const lookup = await parts.workspace().findRuntime();
    if (lookup.state !== "unreachable") unreachableSince = null;
    else unreachableSince ??= parts.clock.nowMs();
    const decision = decideAttach({
      lookup,
      runtimeId: session.runtime_id,
      unreachableForMs: unreachableSince === null ? 0 : parts.clock.nowMs() - unreachableSince,
    });
    if (decision === "lost") return lose(parts);
    if (decision === "connect" && (await reconnect(parts, session.runtime_id))) {
      wakeRequested = false;
      return true;
    }
    parts.driveAgainAt(parts.clock.nowMs() + RETRY_MS);
    return false;
  };

  const step = async (): Promise<boolean> => {
    switch (decideDriveStep(facts())) {
      case "attach":
        return attach();
      case "begin":
        return parts.beginner.beginNext();
      case "watch":
        wakeRequested = false;
        parts.watch();
        await repeatHandOver(parts);
        return false;
      case "rest":
        await parts.rest();
        return false;
    }
  };

  const run = async (): Promise<void> => {
    do {
      again = false;
      while (await step());
    } while (again);
  };

  return {
    loseRuntime: () => void lose(parts),
    requestWake: () => (wakeRequested = true),
    drive() {
      again = true;
      running ??= run().finally(() => (running = null));
      return running;
    },
  };
}

async function reconnect(parts: TurnDriverParts, runtimeId: string): Promise<boolean> {
  const link = await parts.connection.open(runtimeId);
  if (link === null) return false;
  const { hello } = link;
  parts.log.write(() => {
    parts.sessions.setBackgroundTasks(hello.background_tasks);
    parts.log.refreshStatus();
  });
  await parts.beginner.resumeHandOver(link);
  return true;
}

/** A prompt that the runner was too busy for, or did not hear, is handed over again. */
async function repeatHandOver(parts: TurnDriverParts): Promise<void> {
  const link = parts.connection.current();
  if (link !== null) await parts.beginner.resumeHandOver(link);
}

/** The runtime is gone, and what it had not said is gone with it: its turns end here. */
function lose(parts: TurnDriverParts): boolean {
  parts.connection.close();
  parts.log.write(() => {
    parts.sessions.setRuntime(null);
    parts.sessions.setBackgroundTasks(0);
    for (const turn of parts.turns.open()) endAsLost(parts, turn);
    parts.log.refreshStatus();
  });
  return true;
}

function endAsLost(parts: TurnDriverParts, turn: TurnRow): void {
  const message =
    "The sandbox was replaced while this turn ran: what it had not yet reported is lost. Send the prompt again to go on.";
  parts.log.turnEnded(turn, {
    status: "interrupted",
    reason: "the sandbox was replaced",
    result: null,
    error: { code: "runtime_replaced", message },
  });
}
