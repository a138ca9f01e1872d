// Brings a turn that has begun to the CLI: token first, then a process with the turn's options, then the prompt.
import type { AttachmentProblem } from "../../shared/attachments/schema.ts";
import type { TurnStart } from "../../shared/rpc/runner-session-api.ts";
import type { Gathered, PromptFiles } from "../attachments/prompt-files.ts";
import { logFailure } from "../log.ts";
import { newId } from "../new-id.ts";
import type { RunTokenFile } from "../tokens/run-token-file.ts";
import type { Conversation } from "../transcripts/conversation.ts";
import type { CliHolder } from "./cli-holder.ts";
import type { MessageRecorder } from "./message-recorder.ts";
import { NOT_STARTED, type TurnTracker } from "./turn-tracker.ts";

export type FeederParts = {
  token: RunTokenFile;
  conversation: Conversation;
  holder: CliHolder;
  turns: TurnTracker;
  recorder: MessageRecorder;
  files: PromptFiles;
};

/** Never rejects: a turn that cannot be fed ends. */
export async function feedTurn(parts: FeederParts, turn: TurnStart): Promise<void> {
  const { token, conversation, holder, turns, recorder } = parts;
  try {
    await token.write(turn.run_token);
    const gathered = await gatherFiles(parts, turn);
    if ("problem" in gathered) return endRefused(turns, turn.turn_id, gathered.problem);
    // It may have been stopped while its files were on their way, and another one may run by now.
    if (turns.running()?.turnId !== turn.turn_id) return;
    await conversation.prepare(turn);
    const cli = await holder.ensure(turn);
    const running = turns.running();
    if (running?.turnId !== turn.turn_id) return;
    if (running.stop !== null || holder.current() !== cli) return turns.endWithExit(NOT_STARTED);
    running.cli = cli;
    // Claude may just have begun a follow-up: the prompt waits for its end rather than being folded into it.
    if (gathered.bytes > 0) running.attachedBytes = gathered.bytes;
    cli.push(gathered.content, recorder.expectPrompt(newId()), "later");
  } catch (error) {
    logFailure("turn_not_fed", error);
    if (turns.running()?.turnId === turn.turn_id) turns.endWithExit(NOT_STARTED);
  }
}

function gatherFiles({ turns, files }: FeederParts, turn: TurnStart): Promise<Gathered> {
  const running = turns.running();
  if (running?.turnId === turn.turn_id && turn.attachments?.length) running.attachedBytes = 0;
  return files.gather(turn, () => isRunning(turns, turn.turn_id));
}

function isRunning(turns: TurnTracker, turnId: string): boolean {
  const running = turns.running();
  return running?.turnId === turnId && running.stop === null;
}

/** Somebody may have stopped the turn meanwhile. */
function endRefused(turns: TurnTracker, turnId: string, problem: AttachmentProblem): void {
  const running = turns.running();
  if (running?.turnId !== turnId) return;
  if (running.stop !== null) turns.endWithExit(NOT_STARTED);
  else turns.endRefused(problem);
}
