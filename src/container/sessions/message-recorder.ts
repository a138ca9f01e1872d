// Takes the CLI's messages in order: shows the passing ones, records the rest, and moves the turn along.
import type { CliResult } from "../../shared/rpc/runner-entry.ts";
import { readBackgroundTasks, readHead, readLifecycle, readResult } from "./cli-messages.ts";
import { beginsWork, isInit, isPassing } from "./cli-messages.ts";
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

export type RecorderParts = { spool: EntrySpool; turns: TurnTracker; previews: PreviewSender };

export function createMessageRecorder({ spool, turns, previews }: RecorderParts): MessageRecorder {
  let promptUuid: string | null = null;
  let backgroundTasks = 0;
  /** The newest result since the prompt was fed. */
  let lastResult: CliResult | null = null;
  /** An `init` that came while no turn ran: it belongs to what comes next. */
  let heldInit: unknown = null;

  const turnId = () => turns.running()?.turnId ?? null;

  function record(message: unknown): void {
    spool.record({ kind: "message", turn_id: turnId(), message });
  }

  function releaseInit(): void {
    if (heldInit === null) return;
    const init = heldInit;
    heldInit = null;
    record(init);
  }

  function setBackgroundTasks(running: number): void {
    if (running === backgroundTasks) return;
    backgroundTasks = running;
    spool.record({ kind: "background_tasks_changed", turn_id: turnId(), running });
  }

  function onLifecycle(lifecycle: { uuid: string; state: string }): void {
    if (lifecycle.uuid !== promptUuid) return;
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
      if (isInit(head)) {
        releaseInit();
        heldInit = message;
        return;
      }
      if (beginsWork(head)) turns.beginFollowUp(cli);
    }
    releaseInit();
    if (isPassing(head)) return previews.send(turnId(), message);
    record(message);
    const tasks = readBackgroundTasks(message);
    if (tasks !== null) setBackgroundTasks(tasks);
    if (head.type === "result") onResult(message);
  }

  return {
    expectPrompt(uuid) {
      promptUuid = uuid;
      lastResult = null;
      return uuid;
    },
    onMessage,
    onExit() {
      releaseInit();
      setBackgroundTasks(0);
    },
    backgroundTasks: () => backgroundTasks,
  };
}
