// A shortened event as a line of an export: its whole message stands between a head and a tail.
import type { SessionEvent } from "../events/event.ts";

/** Only messages have bodies, and a body is the message's JSON; `body` itself is left out, as nothing is shortened. */
export function aroundBody(eventJson: string): { head: string; tail: string } {
  const { data: _data, body: _body, ...head } = JSON.parse(eventJson) as SessionEvent;
  return { head: `${JSON.stringify(head).slice(0, -1)},"data":{"message":`, tail: "}}" };
}

/** Bytes of such a line without the message. */
export function exportOverhead(eventJson: string): number {
  const { head, tail } = aroundBody(eventJson);
  return new TextEncoder().encode(head).length + tail.length;
}
