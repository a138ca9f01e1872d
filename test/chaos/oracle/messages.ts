// Reads Claude Code's messages as far as the oracle compares them.
import { isDeepStrictEqual } from "node:util";
import type { SessionEvent } from "../../../src/shared/events/event.ts";
import type { RunnerEntry } from "../../../src/shared/rpc/runner-entry.ts";

type Message = { uuid?: unknown; type?: unknown; message?: { content?: unknown } };
type Block = { type?: unknown; id?: unknown; tool_use_id?: unknown; text?: unknown };

export type SaidMessage = Extract<RunnerEntry, { kind: "message" }>;

export function messagesOf(entries: readonly RunnerEntry[]): SaidMessage[] {
  return entries.filter((entry) => entry.kind === "message");
}

export function loggedMessages(events: readonly SessionEvent[]): SessionEvent[] {
  return events.filter((event) => event.type === "message_received");
}

/** By what a message is known again: Claude Code's own id, or else all of it. */
export function keyOf(message: unknown): string {
  const { uuid } = message as Message;
  return typeof uuid === "string" ? uuid : JSON.stringify(message);
}

/** A shortened one names its whole by hash; what is left of it says nothing. */
export function isSame(event: SessionEvent, entry: SaidMessage): boolean {
  return event.body !== undefined || isDeepStrictEqual(event.data["message"], entry.message);
}

/** Blocks of one message, or of several. */
export function blocksOf(message: unknown): Block[] {
  const content = (message as Message).message?.content ?? (message as { content?: unknown }).content;
  return Array.isArray(content) ? (content as Block[]) : [];
}

export function textsOf(message: unknown): string[] {
  return blocksOf(message).flatMap(({ type, text }) => (type === "text" && typeof text === "string" ? [text] : []));
}

/** The ids of the tool calls that a message makes, or whose results it carries. */
export function toolIdsOf(message: unknown, kind: "tool_use" | "tool_result"): string[] {
  const ids = blocksOf(message).flatMap((block) =>
    block.type === kind ? [kind === "tool_use" ? block.id : block.tool_use_id] : [],
  );
  return ids.filter((id) => typeof id === "string");
}

export function countBy<T>(items: readonly T[], keyOfItem: (item: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(keyOfItem(item), (counts.get(keyOfItem(item)) ?? 0) + 1);
  return counts;
}
