// The log's numbers: 1 to n, and the messages of each runtime in the order in which they were spooled.
import type { Finding } from "./counts.ts";
import { keyOf, loggedMessages, messagesOf } from "./messages.ts";
import type { SessionRecord } from "./record.ts";

export function judgeNumbers({ label, events, journals }: SessionRecord): Finding[] {
  const findings: Finding[] = [];
  events.forEach(({ seq }, index) => {
    const expected = index === 0 ? 1 : (events[index - 1]?.seq ?? 0) + 1;
    if (seq !== expected) findings.push({ count: "numbers", why: `${label}: ${seq} where ${expected} belongs` });
  });
  const places = new Map(loggedMessages(events).map((event, index) => [keyOf(event.data["message"]), index]));
  for (const { entries } of journals ?? []) {
    const inLog = messagesOf(entries).flatMap(({ message }) => places.get(keyOf(message)) ?? []);
    const backwards = inLog.filter((place, index) => place < (inLog[index - 1] ?? -1));
    for (const place of backwards) findings.push({ count: "numbers", why: `${label}: message ${place} out of order` });
  }
  return findings;
}
