// Compares a session's log with what the model was sent and what Claude Code said. Pure: a record in, findings out.
import type { Finding } from "./counts.ts";
import { judgeConversation } from "./judge-conversation.ts";
import { judgeMessages } from "./judge-messages.ts";
import { judgeNumbers } from "./judge-numbers.ts";
import { judgeTurns } from "./judge-turns.ts";
import type { SessionRecord } from "./record.ts";

/**
 * What counts as lost, said once for all faults:
 *
 * - An event that a client has read is never missing and never changes, whatever died.
 * - Everything that a runtime has spooled is in the log, once, as long as that runtime lives.
 * - Of a runtime that is gone (runner killed, sandbox replaced) the log holds a beginning without holes. What it had
 *   spooled and not sent is gone with it; the turn then ends `interrupted`, with an event that says so.
 * - What stands in the conversation that the model was sent was said by Claude Code: for a turn that completed, each
 *   text and each tool call of it is in the log, whatever the spool says.
 */
export function judge(record: SessionRecord): Finding[] {
  return [
    ...judgeNumbers(record),
    ...judgeMessages(record),
    ...judgeConversation(record),
    ...judgeTurns(record),
    ...record.unmet.map((why): Finding => ({ count: "turns", why })),
  ];
}
