// Holds the session to the runtime that its turns were handed to: finds it again, or finds out that it is gone.
import type { WorkspaceApi } from "../../shared/rpc/workspace-api.ts";
import { CALL_DEADLINE_MS, withDeadline } from "../deadline.ts";
import { decideAttach } from "../../shared/sessions/lifecycle-policy.ts";
import type { Clock } from "../clock.ts";
import type { RunnerConnection } from "../runner/runner-connection.ts";
import { ENDED_WITH_SANDBOX, type TaskLog } from "../tasks/task-log.ts";
import type { SessionLog } from "./session-log.ts";
import type { SessionStore } from "./session-store.ts";
import type { TurnBeginner } from "./turn-beginner.ts";
import type { TurnRow, TurnStore } from "./turn-store.ts";

const RETRY_MS = 1_000;
/** Ending what does not answer takes its time. */
const FENCE_DEADLINE_MS = 30_000;

export type RuntimeAttacherParts = {
  sessions: SessionStore;
  turns: TurnStore;
  log: SessionLog;
  taskLog: TaskLog;
  connection: RunnerConnection;
  beginner: TurnBeginner;
  workspace(): WorkspaceApi;
  clock: Clock;
  /** Looks again at that time, whatever happens to the object meanwhile. */
  driveAgainAt(atMs: number): void;
};

export type RuntimeAttacher = {
  /** True once it is known whether the runtime lives; false when it has to be asked again later. */
  attach(): Promise<boolean>;
  /** Ends the turns of a runtime that is gone. */
  lose(): void;
  /** A prompt that the runner was too busy for, or did not hear, is handed over again. */
  repeatHandOver(): Promise<void>;
};

export function createRuntimeAttacher(parts: RuntimeAttacherParts): RuntimeAttacher {
  let unreachableSince: number | null = null;

  const decide = async (runtimeId: string): Promise<ReturnType<typeof decideAttach>> => {
    const lookup = await withDeadline(parts.workspace().findRuntime(), CALL_DEADLINE_MS);
    if (lookup.state !== "unreachable") unreachableSince = null;
    else unreachableSince ??= parts.clock.nowMs();
    const unreachableForMs = unreachableSince === null ? 0 : parts.clock.nowMs() - unreachableSince;
    const decision = decideAttach({ lookup, runtimeId, unreachableForMs });
    if (decision !== "lost" || lookup.state !== "unreachable") return decision;
    // Its turn is given up only once nothing of it can run on.
    const isEnded = await withDeadline(parts.workspace().fenceRuntime(runtimeId), FENCE_DEADLINE_MS);
    return isEnded ? "lost" : "retry";
  };

  return {
    lose: () => lose(parts),
    async attach() {
      const runtimeId = parts.sessions.get().runtime_id;
      const decision = runtimeId === null ? "lost" : await decide(runtimeId);
      if (decision === "lost") {
        lose(parts);
        return true;
      }
      if (decision === "connect" && runtimeId !== null && (await reconnect(parts, runtimeId))) return true;
      parts.driveAgainAt(parts.clock.nowMs() + RETRY_MS);
      return false;
    },
    async repeatHandOver() {
      const link = parts.connection.current();
      if (link !== null) await parts.beginner.resumeHandOver(link);
    },
  };
}

async function reconnect(parts: RuntimeAttacherParts, runtimeId: string): Promise<boolean> {
  const link = await parts.connection.open(runtimeId);
  if (link === null) return false;
  const { hello } = link;
  // The end may have been said while nobody was connected.
  if (parts.sessions.get().status === "ended" && hello.cli_live) {
    await withDeadline(link.runner.endSession(), CALL_DEADLINE_MS);
  }
  parts.log.write(() => {
    parts.sessions.setBackgroundTasks(hello.background_tasks);
    parts.log.refreshStatus();
  });
  await parts.beginner.resumeHandOver(link);
  return true;
}

/** The runtime is gone, and what it had not said is gone with it: its turns end here. */
function lose(parts: RuntimeAttacherParts): void {
  parts.connection.close();
  parts.log.write(() => {
    parts.sessions.setRuntime(null);
    parts.sessions.setBackgroundTasks(0);
    parts.taskLog.endAll(ENDED_WITH_SANDBOX);
    for (const turn of parts.turns.open()) endAsLost(parts, turn);
    parts.log.refreshStatus();
  });
}

function endAsLost(parts: RuntimeAttacherParts, turn: TurnRow): void {
  const message =
    "The sandbox was replaced while this turn ran: what it had not yet reported is lost. Send the prompt again to go on.";
  parts.log.turnEnded(turn, {
    status: "interrupted",
    reason: "the sandbox was replaced",
    result: null,
    error: { code: "runtime_replaced", message },
  });
}
