// Records the lines of an answer that the turn's caller takes for data. They come with the message: one that comes twice adds none.
import type { RunnerEntry } from "../../shared/rpc/runner-entry.ts";
import {
  findPrefixedLines,
  isFollowUpResult,
  isResult,
  readAnswer,
} from "../../shared/structured/prefixed-lines-policy.ts";
import type { SessionLogParts } from "../sessions/session-log.ts";

type MessageEntry = RunnerEntry & { kind: "message" };

export type PrefixedLines = {
  onMessage(seq: number, entry: MessageEntry): void;
  /** To be called before the turn's end is recorded. */
  onTurnEnded(entry: RunnerEntry & { kind: "turn_ended" }): void;
};

export function createPrefixedLines({ turns, events }: Pick<SessionLogParts, "turns" | "events">): PrefixedLines {
  /** A follow-up's answer in a prompt's turn: the prompt's only if the turn ends with it, for it was folded in then. */
  let held: { seq: number; entry: MessageEntry } | null = null;

  const record = (seq: number, entry: MessageEntry): void => {
    const answer = readAnswer(entry.message);
    if (answer === null || entry.turn_id === null) return;
    const prefixes = turns.get(entry.turn_id)?.options.structured_output_prefixes ?? [];
    for (const line of findPrefixedLines(answer, prefixes, entry.body !== undefined)) {
      const { turn_id, occurred_at } = entry;
      events.append({ type: "structured_output", turn_id, occurred_at, data: { message_seq: seq, ...line } });
    }
  };

  return {
    onMessage(seq, entry) {
      if (isResult(entry.message)) held = null;
      if (entry.turn_id === null || !isFollowUpResult(entry.message)) return record(seq, entry);
      if (turns.get(entry.turn_id)?.origin !== "prompt") return record(seq, entry);
      held = { seq, entry };
    },
    onTurnEnded({ turn_id, reason }) {
      const isOpen = turns.get(turn_id)?.ended_at === null;
      if (isOpen && reason === "result" && held?.entry.turn_id === turn_id) record(held.seq, held.entry);
      held = null;
    },
  };
}
