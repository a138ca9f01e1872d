// Keeps what a tool answers under the size that clients show: events are paged, long ones shortened with a note.
import type { SessionEvent } from "../../shared/events/event.ts";
import { jsonBytes, shortenText, shortenToFit } from "../../shared/events/shorten.ts";
import type { TurnResult } from "../../shared/sessions/schema.ts";

/** Structure and text carry the same JSON, so an answer is at most about twice the sum of these: under 130,000 characters. */
const MAX_EVENTS_BYTES = 32 * 1024;
const MAX_EVENT_DATA_BYTES = 6 * 1024;
const MAX_RESULT_TEXT_CHARACTERS = 8_000;
const MAX_SHOWN_STRUCTURED_BYTES = 8 * 1024;
/** Room for an event's other fields. */
const EVENT_FRAME_BYTES = 400;

type ShownEvent = Omit<SessionEvent, "body"> & {
  /** Where the whole event is, when `data` is shortened here. */
  whole?: string;
};

export type EventPage = { events: ShownEvent[]; next_cursor: number; has_more: boolean };

function eventUri(sessionId: string, seq: number): string {
  return `claude://sessions/${sessionId}/events/${seq}`;
}

/** As many of the events as fit, at least one if there is one. */
export function pageEvents(
  sessionId: string,
  page: { events: SessionEvent[]; next_cursor: number; has_more: boolean },
): EventPage {
  const shown: ShownEvent[] = [];
  let bytes = 0;
  for (const event of page.events) {
    const small = shrinkEvent(sessionId, event);
    bytes += jsonBytes(small.data) + EVENT_FRAME_BYTES;
    if (bytes > MAX_EVENTS_BYTES && shown.length > 0) {
      return { events: shown, next_cursor: shown.at(-1)?.seq ?? page.next_cursor, has_more: true };
    }
    shown.push(small);
  }
  return { events: shown, next_cursor: page.next_cursor, has_more: page.has_more };
}

function shrinkEvent(sessionId: string, event: SessionEvent): ShownEvent {
  const { body, ...rest } = event;
  const data = shortenToFit(event.data, MAX_EVENT_DATA_BYTES) as Record<string, unknown>;
  const isShortened = data !== event.data || body !== undefined;
  return { ...rest, data, ...(isShortened && { whole: eventUri(sessionId, event.seq) }) };
}

/** Whole or not at all: a shortened value is another one than the schema allowed. */
function showStructured(structured: unknown): Pick<TurnResult, "structured" | "structured_left_out"> {
  return jsonBytes(structured) <= MAX_SHOWN_STRUCTURED_BYTES ? { structured } : { structured_left_out: true };
}

/** The whole of a shortened result stands in the session's events. */
export function shrinkResult(result: TurnResult): TurnResult {
  const { structured, ...rest } = result;
  return {
    ...rest,
    text: shortenText(result.text, MAX_RESULT_TEXT_CHARACTERS),
    ...(structured !== undefined && showStructured(structured)),
    ...(result.permission_denials !== undefined && { permission_denials: result.permission_denials.slice(0, 20) }),
  };
}
