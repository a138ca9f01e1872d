// What a test does as a person with an MCP client: sign in, start work, follow it, and compare the log with the truth.
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import type { SessionEvent } from "../../src/shared/events/event.ts";
import type { TurnResult, TurnSummary } from "../../src/shared/sessions/schema.ts";
import { connectModern, signIn } from "../support/mcp-clients.ts";
import { embedScenario, type EmbeddedScenario } from "../support/scripted-model/scenario.ts";
import type { Stack } from "../support/stack.ts";

type Caller = { callToolOrThrow(name: string, args?: Record<string, unknown>): Promise<Record<string, unknown>> };

export type Started = { session_id: string; turn_id: string; status: string; cursor: number };
export type Waited = {
  status: string;
  turn: TurnSummary | null;
  result?: TurnResult;
  events: SessionEvent[];
  next_cursor: number;
  has_more: boolean;
  pending_permissions: { request_id: string; tool: string; summary: string; consent_url: string }[];
};

export async function connect(stack: Stack) {
  return connectModern(`${stack.mcpUrl}?toolsets=all`, await signIn(stack.url, stack.signInCode));
}

/** `it` for what does not depend on where the sandbox is, and is seen with plain processes: containers take their time. */
export function onceFor(sandbox: "process" | "container"): (name: string, body: () => Promise<void>) => void {
  return sandbox === "process" ? it : () => {};
}

export function prompt(text: string, scenario: EmbeddedScenario): string {
  return `${text}\n${embedScenario(scenario)}`;
}

export async function start(client: Caller, args: Record<string, unknown>): Promise<Started> {
  return (await client.callToolOrThrow("execute_claude", { wait_seconds: 0, ...args })) as unknown as Started;
}

/** Waits until the turn of that id has ended, through whatever outage comes in between. */
export async function waitForEnd(client: Caller, started: Started, timeoutMs = 90_000): Promise<Waited> {
  return waitUntil(client, started.session_id, timeoutMs, ({ turn }) => {
    return turn !== null && turn.ended_at !== null && turn.turn_id === started.turn_id;
  });
}

export async function waitUntil(
  client: Caller,
  sessionId: string,
  timeoutMs: number,
  isReached: (waited: Waited) => boolean,
): Promise<Waited> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown = null;
  while (Date.now() < deadline) {
    try {
      const waited = await client.callToolOrThrow("wait_for_session", { session_id: sessionId, wait_seconds: 2 });
      last = waited;
      if (isReached(waited as unknown as Waited)) return waited as unknown as Waited;
    } catch (error) {
      last = error;
    }
    await sleep(150);
  }
  throw new Error(`not reached in ${timeoutMs} ms; last seen: ${JSON.stringify(last)?.slice(0, 2000)} ${String(last)}`);
}

/** Waits until the session asks a person something. */
export async function waitForQuestion(client: Caller, started: Started, timeoutMs = 60_000) {
  const waited = await waitUntil(client, started.session_id, timeoutMs, (seen) => seen.pending_permissions.length > 0);
  const [asked] = waited.pending_permissions;
  if (asked === undefined) throw new Error("nothing is asked");
  return { ...asked, waited };
}

/** The whole log, page by page. */
export async function readLog(client: Caller, sessionId: string): Promise<SessionEvent[]> {
  const events: SessionEvent[] = [];
  for (let cursor = 0; ;) {
    const page = (await client.callToolOrThrow("wait_for_session", {
      session_id: sessionId,
      after_cursor: cursor,
      wait_seconds: 0,
    })) as unknown as Waited;
    events.push(...page.events);
    cursor = page.next_cursor;
    if (!page.has_more) return events;
  }
}

/** Numbers without gap or repeat, each turn begun and ended once, and no message twice. */
export function expectWholeLog(events: SessionEvent[]): void {
  expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
  for (const type of ["turn_started", "turn_completed"] as const) {
    const turns = events.filter((event) => event.type === type).map((event) => event.turn_id);
    expect(turns, type).toEqual([...new Set(turns)]);
  }
  const uuids = messages(events).flatMap((message) => (typeof message["uuid"] === "string" ? [message["uuid"]] : []));
  expect(uuids).toEqual([...new Set(uuids)]);
}

export function messages(events: SessionEvent[]): Record<string, unknown>[] {
  return events
    .filter((event) => event.type === "message_received")
    .map((event) => event.data["message"] as Record<string, unknown>);
}

/** How often the words stand in prompts of the newest conversation that the model was sent about them. */
export function timesInConversation(stack: Stack, words: string, about = words): number {
  const bodies = stack.model.requests.map(
    (request) => request.body as { messages?: unknown[]; tools?: unknown[] } | null,
  );
  const newest = bodies.findLast(
    (body) => (body?.tools?.length ?? 0) > 0 && JSON.stringify(body?.messages).includes(about),
  );
  return JSON.stringify(newest?.messages ?? []).split(words).length - 1;
}

export async function readFile(client: Caller, project: string, path: string): Promise<string> {
  const read = await client.callToolOrThrow("read_project_file", { project, path });
  return String(read["content"]);
}
