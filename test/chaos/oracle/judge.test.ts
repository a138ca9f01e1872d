import { describe, expect, it } from "vitest";
import type { SessionEvent } from "../../../src/shared/events/event.ts";
import type { RunnerEntry } from "../../../src/shared/rpc/runner-entry.ts";
import type { ModelRequest } from "../../support/scripted-model/conversation.ts";
import { type CountName, countFindings, type Counts } from "./counts.ts";
import { judge } from "./judge.ts";
import type { SessionRecord } from "./record.ts";

const TURN = "01a1f950-4ff7-7926-b53c-a1a83365ac90";
const NEXT = "01a1f950-4ff7-7926-b53c-a1a83365ac91";
const TOOL = "toolu_1";

const assistant = (uuid: string, ...content: unknown[]) => ({ type: "assistant", uuid, message: { content } });
const text = (words: string) => ({ type: "text", text: words });
const toolUse = { type: "tool_use", id: TOOL, name: "Bash", input: {} };
const toolResult = { type: "tool_result", tool_use_id: TOOL, content: "" };

const MESSAGES = [
  assistant("u1", toolUse),
  { type: "user", uuid: "u2", message: { content: [toolResult] } },
  assistant("u3", text("All done.")),
];
const RESULT = { text: "All done.", subtype: "success" };

function entries(): RunnerEntry[] {
  const base = { occurred_at: "2026-09-14T12:00:00.000Z", turn_id: TURN };
  const said = MESSAGES.map((message, index) => ({ ...base, kind: "message", source_seq: index + 2, message }));
  const begun = { ...base, kind: "turn_started", source_seq: 1, origin: "prompt" };
  const ended = { ...base, kind: "turn_ended", source_seq: 5, reason: "result", result: RESULT };
  return [begun, ...said, ended] as RunnerEntry[];
}

/** The log as it should be; numbered anew after each change. */
function log(...more: Omit<SessionEvent, "seq" | "at" | "occurred_at">[]): SessionEvent[] {
  const event = (type: SessionEvent["type"], data: Record<string, unknown>, turn_id: string | null = TURN) => ({
    type,
    turn_id,
    data,
  });
  const rows = [
    event("turn_started", { number: 1, origin: "prompt", prompt: "Go on with #s:1#." }),
    event("message_received", { message: MESSAGES[0] }),
    event("tool_call_started", { tool_use_id: TOOL }),
    event("message_received", { message: MESSAGES[1] }),
    event("tool_call_completed", { tool_use_id: TOOL }),
    event("message_received", { message: MESSAGES[2] }),
    event("turn_completed", { status: "completed", result: { text: "All done." } }),
    event("turn_started", { number: 2, origin: "prompt", prompt: "Go on with #s:2#." }, NEXT),
    event("turn_completed", { status: "completed", result: { text: "On." } }, NEXT),
    ...more,
  ];
  return number(rows);
}

function number(rows: Omit<SessionEvent, "seq" | "at" | "occurred_at">[]): SessionEvent[] {
  return rows.map((row, index) => ({ ...row, seq: index + 1, at: "2026-09-14T12:00:00.000Z", occurred_at: null }));
}

const conversation = (...prompts: string[]): ModelRequest => ({
  model: "m",
  tools: [{}],
  messages: [
    ...prompts.map((prompt) => ({ role: "user", content: `Go on with ${prompt}.` })),
    { role: "assistant", content: [toolUse] },
    { role: "user", content: [toolResult] },
    { role: "assistant", content: [text("All done.")] },
    { role: "user", content: "Go on with #s:2#." },
  ],
});

function record(change: Partial<SessionRecord> = {}): SessionRecord {
  const prompt = (number: number, turn_id: string) => ({
    marker: `#s:${number}#`,
    answers: [{ session_id: "s", turn_id, cursor: 0 }],
    ends: ["completed"] as const,
    finalText: number === 1 ? "All done." : "On.",
    isOld: number === 1,
    isNext: number === 2,
    timesWorked: null,
  });
  return {
    label: "s",
    before: log().slice(0, 3),
    events: log(),
    journals: [{ isAlive: true, entries: entries() }],
    requests: [conversation("#s:1#")],
    prompts: [prompt(1, TURN), prompt(2, NEXT)],
    followUps: [],
    unmet: [],
    ...change,
  };
}

const without = (events: SessionEvent[], ...seqs: number[]) => number(events.filter(({ seq }) => !seqs.includes(seq)));
const count = (change: Partial<SessionRecord>): Counts => countFindings(judge(record(change)));
/** The counts that are not zero. */
const wrong = (change: Partial<SessionRecord>): CountName[] =>
  Object.entries(count(change)).flatMap(([name, times]) => (times === 0 ? [] : [name as CountName]));
const prompts = (index: number, change: object) =>
  record().prompts.map((prompt, at) => (at === index ? { ...prompt, ...change } : prompt));

describe("the oracle of chaos", () => {
  it("finds nothing in a log that is as it should be [chaos.oracle]", () => {
    expect(judge(record())).toEqual([]);
  });

  it.each<[string, Partial<SessionRecord>, CountName]>([
    ["a spooled message that is not in the log", { before: [], events: without(log(), 6) }, "lost"],
    [
      "the same, swallowed by the spool too: the model knows of it",
      { before: [], events: without(log(), 6), journals: [{ isAlive: true, entries: entries().slice(0, 3) }] },
      "lost",
    ],
    [
      "a message that is another one in the log",
      { events: changed(5, { message: assistant("u3", text("Else.")) }) },
      "lost",
    ],
    ["an event that a client had read, and that changed", { before: [{ ...log()[0]!, turn_id: NEXT }] }, "lost"],
    ["a tool call without its event", { before: [], events: without(log(), 3) }, "lost"],
    [
      "a hole in what a runtime said that is gone",
      { before: [], events: without(log(), 4, 5), journals: [{ isAlive: false, entries: entries() }] },
      "lost",
    ],
    ["a message that is twice in the log", { events: log(log()[5]!) }, "repeated"],
    ["a message that nobody said", { events: log(messageEvent("u9")) }, "repeated"],
    ["a tool that worked twice", { prompts: prompts(0, { timesWorked: 2 }) }, "repeated"],
    ["a tool call with two events", { events: log(log()[2]!) }, "repeated"],
    ["a prompt that stands twice", { requests: [conversation("#s:1#", "#s:1#")] }, "doubled"],
    ["a prompt that is gone from the conversation", { requests: [conversation()] }, "doubled"],
    ["a turn that ended twice", { events: log(log()[6]!) }, "turns"],
    ["a turn that never ended", { events: without(log(), 7) }, "turns"],
    ["a turn that began twice", { events: log(log()[0]!) }, "turns"],
    ["a turn that nobody runs and that was accepted", { prompts: prompts(0, { answers: [answer("other")] }) }, "turns"],
    ["a turn that ended another way", { prompts: prompts(0, { ends: ["failed"] }) }, "turns"],
    [
      "a result that is not what Claude Code said",
      { events: changed(6, { status: "completed", result: { text: "No." } }) },
      "turns",
    ],
    ["a follow-up that never began", { followUps: [{ ends: ["completed"], finalText: null }] }, "turns"],
    ["an expectation that was not met in time", { unmet: ["it did not come to rest"] }, "turns"],
    ["a next prompt with another result", { prompts: prompts(1, { finalText: "Else." }) }, "refused"],
    ["a gap in the numbers", { before: [], events: log().filter(({ seq }) => seq !== 8) }, "numbers"],
    ["messages out of order", { before: [], events: number(swapped(log(), 3, 5)) }, "numbers"],
    [
      "a repeated call with another answer",
      { prompts: prompts(0, { answers: [answer(TURN), answer(NEXT)] }) },
      "answers",
    ],
  ])("counts %s [chaos.oracle]", (_what, change, name) => {
    expect(wrong(change)).toContain(name);
  });

  it("does not count what a runtime that is gone had not sent yet [chaos.oracle]", () => {
    const events = number([
      ...log().slice(0, 5),
      { type: "turn_completed", turn_id: TURN, data: { status: "interrupted", result: null } },
      ...log().slice(7),
    ]);
    const journals = [{ isAlive: false, entries: entries() }];
    expect(judge(record({ events, journals, prompts: prompts(0, { ends: ["interrupted"] }) }))).toEqual([]);
    // A runtime that lives sends it.
    expect(count({ events, journals: record().journals }).lost).toBeGreaterThan(0);
  });
});

function answer(turn_id: string) {
  return { session_id: "s", turn_id, cursor: 0 };
}

function messageEvent(uuid: string) {
  return { type: "message_received" as const, turn_id: TURN, data: { message: assistant(uuid, text("All done.")) } };
}

function changed(index: number, data: Record<string, unknown>): SessionEvent[] {
  return log().map((event, at) => (at === index ? { ...event, data } : event));
}

function swapped<T>(items: T[], one: number, other: number): T[] {
  return items.map((item, at) => (at === one ? items[other]! : at === other ? items[one]! : item));
}
