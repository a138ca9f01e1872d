// Which turn runs, what belongs to it, and how it ends: exactly one end for each turn that began.
import type { AttachmentProblem } from "../../shared/attachments/schema.ts";
import type { TurnOrigin } from "../../shared/sessions/schema.ts";
import type { CliResult, TurnEndReason } from "../../shared/rpc/runner-entry.ts";
import { DEFAULT_TURN_TIMEOUT_SECONDS, SILENCE_SECONDS } from "../../shared/limits.ts";
import type { EntrySpool } from "../events/entry-spool.ts";
import { newId } from "../new-id.ts";
import type { CliExit } from "../processes/spawn-cli.ts";
import type { Cli } from "./cli.ts";
import { type SilenceWatch, startSilenceWatch } from "./silence-watch.ts";
import { startTurnClock, type TurnClock } from "./turn-clock.ts";

/** How long an interrupted CLI may take to give its result before it is killed. */
const STOP_GRACE_MS = 8_000;
const MAX_KNOWN_TURNS = 10_000;

export type StopReason = "interrupted" | "timed_out" | "silent";
export type TurnLimits = { timeoutSeconds: number; silenceSeconds: number };

export type RunningTurn = {
  readonly turnId: string;
  readonly origin: TurnOrigin;
  /** Set once the prompt was handed to a CLI; the turn ends with that CLI at the latest. */
  cli: Cli | null;
  /** True when the CLI works on it: only then does an interrupt reach it. */
  isTaken: boolean;
  stop: StopReason | null;
  /** What its files come to that the CLI was given; null without files. */
  attachedBytes: number | null;
  readonly clock: TurnClock;
  readonly silence: SilenceWatch;
};

export type TurnTracker = {
  running(): RunningTurn | null;
  isKnown(turnId: string): boolean;
  begin(turnId: string, limits: TurnLimits): RunningTurn;
  /** Every message of the CLI. */
  heard(message: unknown): void;
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
  /** One of its files could not be given. */
  endRefused(attachment: AttachmentProblem): void;
  /** Resolves once no turn runs. */
  whenIdle(): Promise<void>;
};

type EndDetail = { result?: CliResult | null; exit?: CliExit; attachment?: AttachmentProblem };

/** For a turn that no process was found for. */
export const NOT_STARTED: CliExit = { started: false, exitCode: null, signal: null, stderrTail: null };

/** `onEnded` is called right after a turn's end is recorded. */
export function createTurnTracker(spool: EntrySpool, onEnded: (turnId: string) => void = () => {}): TurnTracker {
  let running: RunningTurn | null = null;
  let limits: TurnLimits = { timeoutSeconds: DEFAULT_TURN_TIMEOUT_SECONDS, silenceSeconds: SILENCE_SECONDS };
  const known = createKnownTurns();
  let idle = settled();

  function open(turnId: string, origin: TurnOrigin, cli: Cli | null): RunningTurn {
    const clock = startTurnClock({
      timeoutMs: limits.timeoutSeconds * 1000,
      graceMs: STOP_GRACE_MS,
      onTimeout: () => void stop(turnId, "timed_out"),
      // Without a process there is nothing whose exit would end the turn.
      onGraceOver: () => (running?.cli == null ? endWithExit(NOT_STARTED) : running.cli.kill()),
    });
    const silence = startSilenceWatch(limits.silenceSeconds * 1000, () => void stop(turnId, "silent"));
    running = { turnId, origin, cli, isTaken: cli !== null, stop: null, attachedBytes: null, clock, silence };
    known.add(turnId);
    idle = Promise.withResolvers();
    spool.record({ kind: "turn_started", turn_id: turnId, origin });
    return running;
  }

  function stop(turnId: string, reason: StopReason): boolean {
    if (running?.turnId !== turnId) return false;
    running.stop ??= reason;
    running.clock.startGrace();
    if (running.isTaken) interrupt(running);
    return true;
  }

  function take(): void {
    if (running === null || running.isTaken) return;
    running.isTaken = true;
    if (running.stop !== null) interrupt(running);
  }

  function end(reason: TurnEndReason, detail: EndDetail = {}): void {
    if (running === null) return;
    const { turnId, attachedBytes } = running;
    running.clock.stop();
    running.silence.stop();
    running = null;
    spool.record({ kind: "turn_ended", turn_id: turnId, reason, ...describeEnd(detail, attachedBytes) });
    onEnded(turnId);
    idle.resolve();
  }

  const endWithExit = (exit: CliExit): void => end(running?.stop ?? reasonOf(exit), { exit });

  return {
    running: () => running,
    isKnown: known.has,
    heard: (message) => running?.silence.heard(message),
    begin(turnId, next) {
      limits = next;
      return open(turnId, "prompt", null);
    },
    beginFollowUp: (cli) => open(newId(), "follow_up", cli),
    take,
    stop,
    endWithResult: (result) => end(result.subtype === "success" ? "result" : (running?.stop ?? "result"), { result }),
    endWithExit,
    endRefused: (attachment) => end("attachment_refused", { attachment }),
    endUnrecorded: () => end("not_recorded"),
    whenIdle: () => idle.promise,
  };
}

function settled(): PromiseWithResolvers<void> {
  const idle = Promise.withResolvers<void>();
  idle.resolve();
  return idle;
}

/** A CLI that does not take an interrupt is ended. */
function interrupt({ cli }: RunningTurn): void {
  cli?.interrupt().catch(() => cli.kill());
}

function reasonOf(exit: CliExit): TurnEndReason {
  return exit.started ? "cli_exited" : "cli_start_failed";
}

function describeEnd({ result = null, exit, attachment }: EndDetail, attachedBytes: number | null) {
  const { exitCode = null, signal = null, stderrTail = null } = exit ?? {};
  const attached = attachedBytes === null ? {} : { attached_bytes: attachedBytes };
  const end = { result, exit_code: exitCode, signal, stderr_tail: stderrTail, ...attached };
  return attachment === undefined ? end : { ...end, attachment };
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
