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
  /** Resolves once no turn runs. */
  whenIdle(): Promise<void>;
};

export function createTurnTracker(spool: EntrySpool, onEnd: () => void = () => {}): TurnTracker {
  let running: RunningTurn | null = null;
  let timeoutSeconds = DEFAULT_TURN_TIMEOUT_SECONDS;
  const known = new Set<string>();
  let idle = Promise.withResolvers<void>();
  idle.resolve();

  function open(turnId: string, origin: TurnOrigin, cli: Cli | null): RunningTurn {
    const clock = startTurnClock({
      timeoutMs: timeoutSeconds * 1000,
      graceMs: STOP_GRACE_MS,
      onTimeout: () => void stop(turnId, "timed_out"),
      onGraceOver: () => running?.cli?.kill(),
    });
    running = { turnId, origin, cli, isTaken: cli !== null, stop: null, clock };
    remember(turnId);
    idle = Promise.withResolvers();
    spool.record({ kind: "turn_started", turn_id: turnId, origin });
    return running;
  }

  function remember(turnId: string): void {
    known.add(turnId);
    const oldest = known.values().next().value;
    if (known.size > MAX_KNOWN_TURNS && oldest !== undefined) known.delete(oldest);
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
    spool.record({
      kind: "turn_ended",
      turn_id: turnId,
      reason,
      result,
      exit_code: exit?.exitCode ?? null,
      signal: exit?.signal ?? null,
      stderr_tail: exit?.stderrTail ?? null,
    });
    idle.resolve();
    onEnd();
  }

  return {
    running: () => running,
    isKnown: (turnId) => known.has(turnId),
    begin(turnId, seconds) {
      timeoutSeconds = seconds;
      return open(turnId, "prompt", null);
    },
    beginFollowUp: (cli) => open(newId(), "follow_up", cli),
    take,
    stop,
    endWithResult(result) {
      const wasStopped = running !== null && running.stop !== null && result.subtype !== "success";
      end(wasStopped ? (running?.stop ?? "result") : "result", result, null);
    },
    endWithExit(exit) {
      end(running?.stop ?? (exit.started ? "cli_exited" : "cli_start_failed"), null, exit);
    },
    whenIdle: () => idle.promise,
  };
}
