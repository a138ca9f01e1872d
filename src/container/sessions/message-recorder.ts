// Takes the CLI's messages in order: shows the passing ones, records the rest, and moves the turn along.
import type { CliResult } from "../../shared/rpc/runner-entry.ts";
import { readBackgroundTasks, readHead, readLifecycle, readResult } from "./cli-messages.ts";
import { beginsWork, isInit, isPassing } from "./cli-messages.ts";
import type { ToolTracker } from "../hooks/tool-tracker.ts";
import type { EntrySpool } from "../events/entry-spool.ts";
import type { PreviewSender } from "../events/preview-sender.ts";
import type { Cli } from "./cli.ts";
import type { TurnTracker } from "./turn-tracker.ts";

export type MessageRecorder = {
  /** Remembers under which id the running turn's prompt is fed, and gives it back. */
  expectPrompt(uuid: string): string;
  onMessage(cli: Cli, message: unknown): void;
  onExit(): void;
  backgroundTasks(): number;
};

export type RecorderParts = {
  spool: EntrySpool;
  turns: TurnTracker;
  previews: PreviewSender;
  tools: Pick<ToolTracker, "take">;
};

export function createMessageRecorder({ spool, turns, previews, tools }: RecorderParts): MessageRecorder {
  let prompt: { uuid: string; turnId: string | null } | null = null;
  const background = createBackgroundCount((running) =>
    spool.record({ kind: "background_tasks_changed", turn_id: turnId(), running }),
  );
  /** The newest result since the prompt was fed. */
  let lastResult: CliResult | null = null;
  const early = createEarlyInit(record);
  const turnId = () => turns.running()?.turnId ?? null;

  function record(message: unknown): void {
    const tool_durations = tools.take(message);
    spool.record({ kind: "message", turn_id: turnId(), message, ...(tool_durations !== null && { tool_durations }) });
  }

  function onLifecycle(lifecycle: { uuid: string; state: string }): void {
    // The CLI may still be speaking of the prompt before, whose turn has ended.
    if (lifecycle.uuid !== prompt?.uuid || prompt.turnId !== turnId()) return;
    if (lifecycle.state === "started") turns.take();
    // Comes after the result as a rule; a prompt that was folded into a follow-up ends here, with that one's result.
    if (lifecycle.state === "completed" && lastResult !== null) turns.endWithResult(lastResult);
  }

  function onResult(message: unknown): void {
    const read = readResult(message);
    const running = turns.running();
    if (read === null || running === null) return;
    lastResult = read.result;
    // While a prompt waits, Claude may end a follow-up that it had begun a moment before: that is not the prompt's end.
    if (read.isFollowUp && running.origin === "prompt") return;
    turns.endWithResult(read.result);
  }

  function onMessage(cli: Cli, message: unknown): void {
    const lifecycle = readLifecycle(message);
    if (lifecycle !== null) return onLifecycle(lifecycle);
    const head = readHead(message);
    if (turns.running() === null) {
      if (isInit(head)) return early.hold(message);
      if (beginsWork(head)) turns.beginFollowUp(cli);
    }
    early.release();
    turns.heard(message);
    if (isPassing(head)) return previews.send(turnId(), message);
    record(message);
    const tasks = readBackgroundTasks(message);
    if (tasks !== null) background.set(tasks);
    if (head.type === "result") onResult(message);
  }

  return {
    expectPrompt(uuid) {
      prompt = { uuid, turnId: turnId() };
      lastResult = null;
      return uuid;
    },
    onMessage,
    onExit() {
      early.release();
      background.set(0);
    },
    backgroundTasks: background.running,
  };
}

/** Keeps an `init` that came while no turn ran: it belongs to what comes next. */
function createEarlyInit(record: (message: unknown) => void) {
  let held: unknown = null;
  function release(): void {
    const init = held;
    held = null;
    if (init !== null) record(init);
  }
  return {
    release,
    hold(init: unknown): void {
      release();
      held = init;
    },
  };
}

function createBackgroundCount(onChange: (running: number) => void) {
  let running = 0;
  return {
    running: () => running,
    set(next: number): void {
      if (next === running) return;
      running = next;
      onChange(next);
    },
  };
}
