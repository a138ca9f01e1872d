// Which turn runs, what belongs to it, and how it ends: exactly one end for each turn that began.
import type { TurnOrigin } from "../../shared/sessions/schema.ts";
import type { CliResult, TurnEndReason } from "../../shared/rpc/runner-entry.ts";
import { DEFAULT_TURN_TIMEOUT_SECONDS } from "../../shared/limits.ts";
import type { EntrySpool } from "../events/entry-spool.ts";
import { newId } from "../new-id.ts";
import type { CliExit } from "../processes/spawn-cli.ts";
import type { Cli } from "./cli.ts";
import { startTurnClock, type TurnClock } from "./turn-clock.ts";

/** How long an interrupted CLI may take to give its result before it is killed. */
const STOP_GRACE_MS = 8_000;
const MAX_KNOWN_TURNS = 10_000;

export type StopReason = "interrupted" | "timed_out";

export type RunningTurn = {
  readonly turnId: string;
  readonly origin: TurnOrigin;
  /** Set once the prompt was handed to a CLI; the turn ends with that CLI at the latest. */
  cli: Cli | null;
  /** True when the CLI works on it: only then does an interrupt reach it. */
  isTaken: boolean;
  stop: StopReason | null;
  readonly clock: TurnClock;
};

export type TurnTracker = {
  running(): RunningTurn | null;
  isKnown(turnId: string): boolean;
  begin(turnId: string, timeoutSeconds: number): RunningTurn;
  /** Claude goes on by itself. */
  beginFollowUp(cli: Cli): RunningTurn;
  /** The CLI began to work on the running turn's prompt. */
  take(): void;
  /** False when that turn does not run. */
  stop(turnId: string, reason: StopReason): boolean;
  endWithResult(result: CliResult): void;
  endWithExit(exit: CliExit): void;
  /** What the CLI said could not be kept. */
  endUnrecorded(): void;
  /** Resolves once no turn runs. */
  whenIdle(): Promise<void>;
};

/** For a turn that no process was found for. */
export const NOT_STARTED: CliExit = { started: false, exitCode: null, signal: null, stderrTail: null };

export function createTurnTracker(spool: EntrySpool): TurnTracker {
  let running: RunningTurn | null = null;
  let timeoutSeconds = DEFAULT_TURN_TIMEOUT_SECONDS;
  const known = createKnownTurns();
  let idle = Promise.withResolvers<void>();
  idle.resolve();

  function open(turnId: string, origin: TurnOrigin, cli: Cli | null): RunningTurn {
    const clock = startTurnClock({
      timeoutMs: timeoutSeconds * 1000,
      graceMs: STOP_GRACE_MS,
      onTimeout: () => void stop(turnId, "timed_out"),
      // Without a process there is nothing whose exit would end the turn.
      onGraceOver: () => (running?.cli == null ? endWithExit(NOT_STARTED) : running.cli.kill()),
    });
    running = { turnId, origin, cli, isTaken: cli !== null, stop: null, clock };
    known.add(turnId);
    idle = Promise.withResolvers();
    spool.record({ kind: "turn_started", turn_id: turnId, origin });
    return running;
  }

  function stop(turnId: string, reason: StopReason): boolean {
    if (running?.turnId !== turnId) return false;
    running.stop ??= reason;
    running.clock.startGrace();
    if (running.isTaken) running.cli?.interrupt().catch(() => running?.cli?.kill());
    return true;
  }

  function take(): void {
    if (running === null || running.isTaken) return;
    running.isTaken = true;
    if (running.stop !== null) running.cli?.interrupt().catch(() => running?.cli?.kill());
  }

  function end(reason: TurnEndReason, result: CliResult | null, exit: CliExit | null): void {
    if (running === null) return;
    const { turnId, clock } = running;
    clock.stop();
    running = null;
    const process = { exit_code: exit?.exitCode ?? null, signal: exit?.signal ?? null };
    const stderr_tail = exit?.stderrTail ?? null;
    spool.record({ kind: "turn_ended", turn_id: turnId, reason, result, ...process, stderr_tail });
    idle.resolve();
  }

  function endWithExit(exit: CliExit): void {
    end(running?.stop ?? (exit.started ? "cli_exited" : "cli_start_failed"), null, exit);
  }

  return {
    running: () => running,
    isKnown: known.has,
    begin(turnId, seconds) {
      timeoutSeconds = seconds;
      return open(turnId, "prompt", null);
    },
    beginFollowUp: (cli) => open(newId(), "follow_up", cli),
    take,
    stop,
    endWithResult: (result) => end(result.subtype === "success" ? "result" : (running?.stop ?? "result"), result, null),
    endWithExit,
    endUnrecorded: () => end("not_recorded", null, null),
    whenIdle: () => idle.promise,
  };
}

/** Turn ids that this runtime has seen, the newest of them. */
function createKnownTurns() {
  const ids = new Set<string>();
  return {
    has: (turnId: string) => ids.has(turnId),
    add(turnId: string): void {
      ids.add(turnId);
      const oldest = ids.values().next().value;
      if (ids.size > MAX_KNOWN_TURNS && oldest !== undefined) ids.delete(oldest);
    },
  };
}
