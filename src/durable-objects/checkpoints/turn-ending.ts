// What a turn's own checkpoint says of the turn.
import { shortenText } from "../../shared/events/shorten.ts";
import type { TurnEnding } from "../../shared/rpc/workspace-api.ts";
import type { SessionLogParts } from "../sessions/session-log.ts";
import type { TurnRow } from "../sessions/turn-store.ts";

const MESSAGE_CHARACTERS = 200;

/** Null for a turn that never began: it has changed nothing. */
export function describeEnding(
  { sessions, events }: Pick<SessionLogParts, "sessions" | "events">,
  turn: TurnRow,
): TurnEnding | null {
  const event_seq = events.endOfTurn(turn.turn_id);
  if (turn.started_at === null || event_seq === null) return null;
  const { session_id, owner_id } = sessions.get();
  const usage = turn.result?.usage ?? null;
  return {
    session_id,
    turn_id: turn.turn_id,
    author_id: owner_id,
    event_seq,
    message: messageOf(turn),
    model: turn.options.model ?? null,
    usage: usage === null ? null : { input_tokens: usage.input_tokens, output_tokens: usage.output_tokens },
  };
}

function messageOf({ origin, prompt }: TurnRow): string {
  if (origin === "follow_up") return "Claude went on by itself";
  return shortenText(prompt.trim().replace(/\s+/g, " "), MESSAGE_CHARACTERS);
}
