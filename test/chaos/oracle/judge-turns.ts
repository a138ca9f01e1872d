// The turns: each ends once and as it did, repeated calls got the first answer, and the next prompt was taken.
import type { SessionEvent } from "../../../src/shared/events/event.ts";
import type { TurnStatus } from "../../../src/shared/sessions/schema.ts";
import type { Finding } from "./counts.ts";
import type { PromptRecord, SessionRecord } from "./record.ts";

export function judgeTurns(record: SessionRecord): Finding[] {
  return [
    ...listTurnIds(record).flatMap((turnId) => judgeOnce(record, turnId)),
    ...record.prompts.flatMap((prompt) => [...judgeEnd(record, prompt), ...judgeAnswers(record, prompt)]),
    ...judgeFollowUps(record),
    ...judgeTold(record),
  ];
}

/** Every turn that anybody was told of: callers, readers of the log, and the runtimes that live. */
function listTurnIds({ prompts, events, journals }: SessionRecord): string[] {
  const begun = events.filter((event) => event.type === "turn_started").map((event) => event.turn_id);
  const spooled = (journals ?? [])
    .filter(({ isAlive }) => isAlive)
    .flatMap(({ entries }) => entries.filter((entry) => entry.kind === "turn_started").map((entry) => entry.turn_id));
  const accepted = prompts.flatMap(({ answers }) => answers.map((answer) => answer.turn_id));
  return [...new Set([...accepted, ...begun, ...spooled])].filter((id) => id !== null);
}

function judgeOnce({ label, events }: SessionRecord, turnId: string): Finding[] {
  const times = (type: SessionEvent["type"]) =>
    events.filter((event) => event.type === type && event.turn_id === turnId).length;
  const findings: Finding[] = [];
  if (times("turn_completed") !== 1) {
    findings.push({ count: "turns", why: `${label}: turn ${turnId} ended ${times("turn_completed")} times` });
  }
  if (times("turn_started") > 1) {
    findings.push({ count: "turns", why: `${label}: turn ${turnId} began ${times("turn_started")} times` });
  }
  return findings;
}

type End = { ends: readonly TurnStatus[]; finalText: string | null };

function explainEnd(event: SessionEvent | undefined, { ends, finalText }: End): string | null {
  const status = event?.data["status"] as TurnStatus | undefined;
  if (status === undefined) return "did not end";
  if (!ends.includes(status)) return `ended ${status}, not ${ends.join(" or ")}`;
  const text = (event?.data["result"] as { text?: unknown } | null)?.text;
  const isWrong = status === "completed" && finalText !== null && text !== finalText;
  return isWrong ? `ended with the result ${JSON.stringify(text)}` : null;
}

function judgeEnd({ label, events }: SessionRecord, prompt: PromptRecord): Finding[] {
  const turnId = prompt.answers[0]?.turn_id;
  const end = events.find((event) => event.type === "turn_completed" && event.turn_id === turnId);
  const wrong = explainEnd(end, prompt);
  if (wrong === null) return [];
  return [{ count: prompt.isNext ? "refused" : "turns", why: `${label}: the turn of ${prompt.marker} ${wrong}` }];
}

function judgeAnswers({ label }: SessionRecord, { marker, answers }: PromptRecord): Finding[] {
  const different = new Set(answers.map(({ session_id, turn_id, cursor }) => `${session_id} ${turn_id} ${cursor}`));
  const why = `${label}: the calls with the key of ${marker} got ${different.size} different answers`;
  return Array.from({ length: Math.max(0, different.size - 1) }, () => ({ count: "answers", why }));
}

function judgeFollowUps({ label, events, followUps }: SessionRecord): Finding[] {
  const begun = events.filter((event) => event.type === "turn_started" && event.data["origin"] === "follow_up");
  return followUps.flatMap((followUp, index): Finding[] => {
    const turnId = begun[index]?.turn_id;
    const end = events.find((event) => event.type === "turn_completed" && event.turn_id === turnId);
    const wrong = turnId === undefined ? "never began" : explainEnd(end, followUp);
    return wrong === null ? [] : [{ count: "turns", why: `${label}: follow-up ${index + 1} ${wrong}` }];
  });
}

/** A result that a living runtime has spooled is the result of its turn. */
function judgeTold({ label, events, journals }: SessionRecord): Finding[] {
  const told = (journals ?? [])
    .filter(({ isAlive }) => isAlive)
    .flatMap(({ entries }) => entries.filter((entry) => entry.kind === "turn_ended"));
  return told.flatMap(({ turn_id, result }): Finding[] => {
    const end = events.find((event) => event.type === "turn_completed" && event.turn_id === turn_id);
    const text = (end?.data["result"] as { text?: unknown } | null | undefined)?.text;
    if (result === null || end === undefined || text === result.text) return [];
    return [{ count: "turns", why: `${label}: turn ${turn_id} ended with another result than Claude Code gave` }];
  });
}
