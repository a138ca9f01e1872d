// How long a message of Claude Code is under way to an MCP client that watches the session.
import { setTimeout as sleep } from "node:timers/promises";
import type { SDKMessage } from "@anthropic-ai/claude-agent-sdk";
import type { SessionEvent } from "../../src/shared/events/event.ts";
import { connect, prompt, start, waitForEnd, type Waited } from "../journeys/person.ts";
import { type Action, hold, say as text } from "../support/scripted-model/scenario.ts";
import { signIn } from "../support/mcp-clients.ts";
import { readSse } from "../support/read-sse.ts";
import type { ScriptedModel } from "../support/scripted-model/server.ts";
import { type Stack, startStack } from "../support/stack.ts";
import { prepareDirectQuery } from "./direct-query.ts";
import { type Benchmark, ms, type Report } from "./report.ts";
import { using } from "./running-parts.ts";
import { summarize } from "./statistics.ts";
import { createWallClock } from "./wall-clock.ts";

const ROUNDS = 4;
const MESSAGES = 75;
const INTERVAL_MS = 25;
const WARM_UP_MESSAGES = 40;

type Samples = { fromRunner: number[]; fromModel: number[]; direct: number[]; streamed: number[] };

type Client = Awaited<ReturnType<typeof connect>>;

/** When the model let go of each message, and when a watcher had it; by the message's text. */
type Times = Map<string, number>;

export const messageDelay: Benchmark = {
  name: "message-delay",
  run: (say) =>
    using(startStack(), async (stack) => {
      const client = await connect(stack);
      const accessToken = (await signIn(stack.url, stack.signInCode)).access_token;
      const stream = { client, accessToken, stack };
      await watchThroughBerth(client, stack.model, WARM_UP_MESSAGES);
      await watchStream(stream, WARM_UP_MESSAGES);
      await watchDirectly(stack.model, WARM_UP_MESSAGES);
      const samples: Samples = { fromRunner: [], fromModel: [], direct: [], streamed: [] };
      for (let round = 0; round < ROUNDS; round++) {
        say(`round ${round + 1} of ${ROUNDS}, ${MESSAGES} messages each, one every ${INTERVAL_MS} ms`);
        const berth = await watchThroughBerth(client, stack.model, MESSAGES);
        samples.fromRunner.push(...berth.fromRunner);
        samples.fromModel.push(...berth.fromModel);
        samples.streamed.push(...(await watchStream(stream, MESSAGES)));
        samples.direct.push(...(await watchDirectly(stack.model, MESSAGES)));
      }
      await client.close();
      return toReport(samples);
    }),
};

async function watchThroughBerth(client: Client, model: ScriptedModel, count: number) {
  const script = writeScript(count);
  const started = await start(client, { prompt: script.words });
  const letGo = letGoSteadily(model, script);
  const seen: Times = new Map();
  const fromRunner: number[] = [];
  const clock = createWallClock();
  for (let cursor = started.cursor; ;) {
    const waited = await waitForEvent(client, started.session_id, cursor);
    const [seenAt, seenAtWallMs] = [performance.now(), clock.nowMs()];
    cursor = waited.next_cursor;
    for (const event of waited.events) {
      const label = readLabel(event.data["message"]);
      if (event.type !== "message_received" || label === null) continue;
      seen.set(label, seenAt);
      fromRunner.push(seenAtWallMs - Date.parse(event.occurred_at ?? ""));
    }
    if (waited.turn?.ended_at != null && !waited.has_more) break;
  }
  await waitForEnd(client, started);
  await client.callToolOrThrow("end_session", { session_id: started.session_id });
  return { fromRunner: expectAll(fromRunner, count), fromModel: delays(await letGo, seen, count) };
}

async function waitForEvent(client: Client, sessionId: string, cursor: number): Promise<Waited> {
  const args = { session_id: sessionId, after_cursor: cursor, wait_seconds: 20, return_on: "event" };
  return (await client.callToolOrThrow("wait_for_session", args)) as unknown as Waited;
}

type Streaming = { client: Client; accessToken: string; stack: Stack };

/** The same through the session's event stream, which one request opens for all messages. */
async function watchStream({ client, accessToken, stack }: Streaming, count: number): Promise<number[]> {
  const script = writeScript(count);
  const started = await start(client, { prompt: script.words });
  const letGo = letGoSteadily(stack.model, script);
  const headers = { authorization: `Bearer ${accessToken}`, "last-event-id": String(started.cursor) };
  const response = await fetch(`${stack.mcpUrl}/sessions/${started.session_id}/events`, { headers });
  if (!response.ok || response.body === null) throw new Error(`The event stream answered ${response.status}.`);
  const stream = readSse(response.body);
  const clock = createWallClock();
  const fromRunner: number[] = [];
  for (;;) {
    const event = (await stream.next())?.data as SessionEvent | undefined;
    if (event === undefined || event.type === "turn_completed") break;
    if (event.type !== "message_received" || readLabel(event.data["message"]) === null) continue;
    fromRunner.push(clock.nowMs() - Date.parse(event.occurred_at ?? ""));
  }
  await stream.cancel();
  await letGo;
  await client.callToolOrThrow("end_session", { session_id: started.session_id });
  return expectAll(fromRunner, count);
}

async function watchDirectly(model: ScriptedModel, count: number): Promise<number[]> {
  const seen: Times = new Map();
  const onMessage = (message: SDKMessage): void => {
    const label = readLabel(message);
    if (label !== null) seen.set(label, performance.now());
  };
  const direct = prepareDirectQuery(model.url, onMessage).start();
  const script = writeScript(count);
  direct.push(script.words);
  const letGo = await letGoSteadily(model, script);
  await direct.result();
  await direct.end();
  return delays(letGo, seen, count);
}

type Script = { words: string; labels: string[] };

/** One answer of many text blocks, each behind a gate: the CLI makes a message of every finished block. */
function writeScript(count: number): Script {
  const run = crypto.randomUUID();
  const labels = Array.from({ length: count }, (_, index) => `${run}-${index}`);
  const step = labels.flatMap((label): Action[] => [hold(label), text(label)]);
  return { labels, words: prompt("Say many things.", { steps: [[...step, text("Done.")]] }) };
}

async function letGoSteadily(model: ScriptedModel, { labels }: Script): Promise<Times> {
  const times: Times = new Map();
  await model.reached(labels[0] ?? "");
  const startedAt = performance.now();
  for (const [index, label] of labels.entries()) {
    // One that is not waited for yet would be timed too early.
    await model.reached(label);
    await sleep(Math.max(0, startedAt + index * INTERVAL_MS - performance.now()));
    times.set(label, performance.now());
    model.release(label);
  }
  return times;
}

function readLabel(message: unknown): string | null {
  const { type, message: inner } = (message ?? {}) as { type?: unknown; message?: { content?: unknown } };
  if (type !== "assistant" || !Array.isArray(inner?.content)) return null;
  const [block] = inner.content as { text?: unknown }[];
  return typeof block?.text === "string" && block.text !== "Done." ? block.text : null;
}

function delays(letGo: Times, seen: Times, count: number): number[] {
  const found = [...letGo].flatMap(([label, at]) => {
    const seenAt = seen.get(label);
    return seenAt === undefined ? [] : [seenAt - at];
  });
  return expectAll(found, count);
}

function expectAll(samples: number[], count: number): number[] {
  if (samples.length !== count) throw new Error(`${count} messages were sent and ${samples.length} arrived.`);
  return samples;
}

function toReport({ fromRunner, fromModel, direct, streamed }: Samples): Report {
  const [runner, stream, berth, query] = [fromRunner, streamed, fromModel, direct].map(summarize) as [
    Summary,
    Summary,
    Summary,
    Summary,
  ];
  const goals = (
    [
      ["wait_for_session", runner],
      ["the event stream", stream],
    ] as const
  ).flatMap(([way, { p50, p99 }]) => [
    { text: `runner to client by ${way}, p50`, value: p50, limit: 5, unit: "ms" },
    { text: `runner to client by ${way}, p99`, value: p99, limit: 25, unit: "ms" },
  ]);
  return {
    title: `message-delay (${ROUNDS * MESSAGES} messages each, one every ${INTERVAL_MS} ms)`,
    columns: ["", "p50", "p90", "p99", "max"],
    rows: [
      toRow("the CLI's line at the runner → MCP client that asks with wait_for_session", runner),
      toRow("the CLI's line at the runner → client of the session's event stream", stream),
      toRow("model lets go → MCP client that asks with wait_for_session", berth),
      toRow("model lets go → message of query(), without Berth", query),
    ],
    goals,
  };
}

type Summary = ReturnType<typeof summarize>;

function toRow(label: string, { p50, p90, p99, max }: Summary): string[] {
  return [label, ms(p50), ms(p90), ms(p99), ms(max)];
}
