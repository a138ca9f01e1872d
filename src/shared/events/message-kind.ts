// What kind of message of Claude Code's something is, by the two fields that say so.

/** Asked before a schema is: one that refuses costs more than the message itself, and most messages are of another kind. */
export function isMessageOf(message: unknown, type: string, subtype?: string): boolean {
  const head = message as { type?: unknown; subtype?: unknown } | null | undefined;
  return head?.type === type && (subtype === undefined || head.subtype === subtype);
}
