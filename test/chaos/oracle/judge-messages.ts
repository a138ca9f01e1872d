// Claude Code's messages: each one that was spooled stands in the log once, and what a client has read stays.
import { isDeepStrictEqual } from "node:util";
import type { SessionEvent } from "../../../src/shared/events/event.ts";
import type { Finding } from "./counts.ts";
import { countBy, isSame, keyOf, loggedMessages, messagesOf, toolIdsOf } from "./messages.ts";
import type { RuntimeJournal, SessionRecord } from "./record.ts";

export function judgeMessages(record: SessionRecord): Finding[] {
  return [...judgeWhatWasRead(record), ...judgeSpooled(record), ...judgeRepeats(record), ...judgeToolCalls(record)];
}

function judgeWhatWasRead({ label, before, events }: SessionRecord): Finding[] {
  const bySeq = new Map(events.map((event) => [event.seq, event]));
  return before
    .filter((event) => !isDeepStrictEqual(bySeq.get(event.seq), event))
    .map(({ seq, type }) => ({ count: "lost", why: `${label}: event ${seq} (${type}) is not what a client had read` }));
}

function judgeSpooled({ label, events, journals }: SessionRecord): Finding[] {
  const byKey = new Map(loggedMessages(events).map((event) => [keyOf(event.data["message"]), event]));
  return (journals ?? []).flatMap((journal) =>
    findMissing(journal, byKey).map((seq): Finding => ({
      count: "lost",
      why: `${label}: entry ${seq} was spooled and is not in the log`,
    })),
  );
}

/** The numbers of entries that should be in the log and are not, or are something else there. */
function findMissing({ isAlive, entries }: RuntimeJournal, byKey: ReadonlyMap<string, SessionEvent>): number[] {
  const isLogged = (entry: (typeof said)[number]): boolean => {
    const event = byKey.get(keyOf(entry.message));
    return event !== undefined && isSame(event, entry);
  };
  const said = messagesOf(entries);
  const end = isAlive ? said.length : said.findLastIndex(isLogged) + 1;
  return said.slice(0, end).flatMap((entry) => (isLogged(entry) ? [] : [entry.source_seq]));
}

function judgeRepeats({ label, events, journals, prompts }: SessionRecord): Finding[] {
  const findings: Finding[] = [];
  const said =
    journals &&
    countBy(
      journals.flatMap(({ entries }) => messagesOf(entries)),
      (e) => keyOf(e.message),
    );
  for (const [key, times] of countBy(loggedMessages(events), (event) => keyOf(event.data["message"]))) {
    const most = said === null ? 1 : (said.get(key) ?? 0);
    const why = `${label}: a message is ${times} times in the log and was said ${most} times (${key.slice(0, 60)})`;
    for (let extra = most; extra < times; extra++) findings.push({ count: "repeated", why });
  }
  for (const { marker, timesWorked } of prompts) {
    const why = `${label}: the tool of ${marker} did its work ${timesWorked} times`;
    for (let extra = 1; extra < (timesWorked ?? 0); extra++) findings.push({ count: "repeated", why });
  }
  return findings;
}

/** The events that are derived from messages: one for each tool call, one for each result. */
function judgeToolCalls({ label, events }: SessionRecord): Finding[] {
  const kinds = [
    ["tool_call_started", "tool_use"],
    ["tool_call_completed", "tool_result"],
  ] as const;
  return kinds.flatMap(([type, block]) => {
    const made = loggedMessages(events).flatMap((event) => toolIdsOf(event.data["message"], block));
    const ids = events.filter((event) => event.type === type).map((event) => String(event.data["tool_use_id"]));
    const [expected, found] = [countBy(made, String), countBy(ids, String)];
    return [...new Set([...made, ...ids])].flatMap((id): Finding[] => {
      const difference = (found.get(id) ?? 0) - (expected.get(id) ?? 0);
      const why = `${label}: ${found.get(id) ?? 0} events ${type} for ${id}, which ${expected.get(id) ?? 0} messages name`;
      const count = difference < 0 ? "lost" : "repeated";
      return Array.from({ length: Math.abs(difference) }, () => ({ count, why }));
    });
  });
}
