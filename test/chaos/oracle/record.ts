// What is known of one session after a fault: its log, and beside it the truth that the log is compared with.
import type { RunnerEntry } from "../../../src/shared/rpc/runner-entry.ts";
import type { SessionEvent } from "../../../src/shared/events/event.ts";
import type { TurnStatus } from "../../../src/shared/sessions/schema.ts";
import type { ModelRequest } from "../../support/scripted-model/conversation.ts";

/** One runtime's entries of a session, as they were spooled. */
export type RuntimeJournal = {
  /** False once its runner's process is gone: what it had not sent is gone with it. */
  isAlive: boolean;
  entries: readonly RunnerEntry[];
};

export type PromptRecord = {
  /** Stands in this prompt and in no other. */
  marker: string;
  /** What every call with this prompt's idempotency key was answered, in order. */
  answers: readonly { session_id: string; turn_id: string; cursor: number }[];
  /** The statuses with which its turn may end; the first is the one to be expected when all was told in time. */
  ends: readonly TurnStatus[];
  /** What the model said last; the result of a completed turn. */
  finalText: string | null;
  /** True when its turn ended, and its conversation was stored, before the fault: every later conversation holds it. */
  isOld: boolean;
  /** True for the prompt after the fault. */
  isNext: boolean;
  /** How often its tool did its work, by the file that it writes; null when it has none, or the files are gone. */
  timesWorked: number | null;
};

export type SessionRecord = {
  /** Begins every marker of this session. */
  label: string;
  /** The log before the fault, as a client had read it. */
  before: readonly SessionEvent[];
  /** The log after it, from its first event. */
  events: readonly SessionEvent[];
  /** Null where no journal can be kept (containers). */
  journals: readonly RuntimeJournal[] | null;
  /** What the model was sent for this session since the fault's moment was prepared, oldest first. */
  requests: readonly ModelRequest[];
  prompts: readonly PromptRecord[];
  /** Follow-up turns that have to be there, by how they may end. */
  followUps: readonly { ends: readonly TurnStatus[]; finalText: string | null }[];
  /** Expectations that no comparison covers and that were not met in time, in words. */
  unmet: readonly string[];
};
