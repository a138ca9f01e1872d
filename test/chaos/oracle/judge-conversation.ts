// The conversation that the model was sent: each prompt in it once, and nothing in it that the log does not have.
import type { SessionEvent } from "../../../src/shared/events/event.ts";
import { countPrompts, type ModelRequest } from "../../support/scripted-model/conversation.ts";
import type { Finding } from "./counts.ts";
import { loggedMessages, textsOf, toolIdsOf } from "./messages.ts";
import type { SessionRecord } from "./record.ts";

export function judgeConversation(record: SessionRecord): Finding[] {
  return [...judgePrompts(record), ...judgeWhatTheModelKnows(record)];
}

function judgePrompts({ label, requests, prompts, events }: SessionRecord): Finding[] {
  const newest = requests.at(-1);
  return prompts.flatMap(({ marker, isOld }): Finding[] => {
    const most = Math.max(0, ...requests.map((request) => countPrompts(request, marker)));
    const turns = events.filter((event) => event.type === "turn_started" && isAbout(event, marker)).length;
    const findings: Finding[] = [];
    if (most > 1) findings.push({ count: "doubled", why: `${label}: ${marker} stands ${most} times` });
    if (turns > 1) findings.push({ count: "doubled", why: `${label}: ${marker} began ${turns} turns` });
    if (isOld && newest !== undefined && countPrompts(newest, marker) === 0) {
      findings.push({ count: "doubled", why: `${label}: ${marker} is gone from the conversation` });
    }
    return findings;
  });
}

function isAbout(event: SessionEvent, marker: string): boolean {
  const { prompt } = event.data;
  return typeof prompt === "string" && prompt.includes(marker);
}

/** What Claude Code tells the model that it had said itself, it has said: for completed turns it is in the log. */
function judgeWhatTheModelKnows(record: SessionRecord): Finding[] {
  const { label, events, requests } = record;
  const newest = requests.at(-1);
  if (newest === undefined) return [];
  const logged = loggedMessages(events).map((event) => event.data["message"]);
  const texts = new Set(logged.flatMap(textsOf));
  const tools = new Set(logged.flatMap((message) => toolIdsOf(message, "tool_use")));
  const results = new Set(logged.flatMap((message) => toolIdsOf(message, "tool_result")));
  const missing = listCompleted(record, newest).flatMap((message) => [
    ...(message.role === "assistant" ? textsOf(message).filter((text) => !texts.has(text)) : []),
    ...toolIdsOf(message, "tool_use").filter((id) => !tools.has(id)),
    ...toolIdsOf(message, "tool_result").filter((id) => !results.has(id)),
  ]);
  return missing.map((what) => ({
    count: "lost",
    why: `${label}: the model knows of ${JSON.stringify(what.slice(0, 60))}, and the log does not`,
  }));
}

/** What Claude Code puts into a conversation that was broken off, in the model's name. */
const SYNTHETIC = "No response requested.";

/** The conversation's messages that belong to turns that completed; of follow-ups only when all of them did. */
function listCompleted({ prompts, events }: SessionRecord, request: ModelRequest): ModelRequest["messages"] {
  const ends = events.filter((event) => event.type === "turn_completed");
  const completed = new Set(
    ends.flatMap(({ data, turn_id }) => (data["status"] === "completed" && turn_id !== null ? [turn_id] : [])),
  );
  const followUps = events.filter((event) => event.type === "turn_started" && event.data["origin"] === "follow_up");
  const allFollowUps = followUps.every(({ turn_id }) => turn_id !== null && completed.has(turn_id));
  let counts = false;
  return request.messages.filter((message) => {
    const texts = typeof message.content === "string" ? [message.content] : textsOf(message);
    const text = texts.join("\n");
    if (message.role === "user") {
      const prompt = prompts.find(({ marker }) => text.includes(marker));
      if (prompt !== undefined) counts = completed.has(prompt.answers[0]?.turn_id ?? "");
      else if (text.includes("<task-notification>")) counts = counts && allFollowUps;
    }
    return counts && text !== SYNTHETIC;
  });
}
