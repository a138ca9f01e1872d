// The time from a prompt to the model request that carries it: through execute_claude, and by query() called directly.
import { setTimeout as sleep } from "node:timers/promises";
import { connect, prompt, start, waitForEnd } from "../journeys/person.ts";
import { hold, say as text } from "../support/scripted-model/scenario.ts";
import type { ScriptedModel } from "../support/scripted-model/server.ts";
import { startStack } from "../support/stack.ts";
import { type DirectQuery, prepareDirectQuery } from "./direct-query.ts";
import { type Benchmark, ms, type Report } from "./report.ts";
import { using } from "./running-parts.ts";
import { summarize } from "./statistics.ts";

const COLD_ROUNDS = 12;
const LIVE_ROUNDS = 24;
const RESTED_ROUNDS = 6;
/** An idle Session object puts its connection away after 5 s; the CLI lives on. */
const REST_MS = 6_500;
/** Between rounds, so that the end of one is not part of the next. */
const PAUSE_MS = 400;

type Client = Awaited<ReturnType<typeof connect>>;
type Samples = { berth: number[]; direct: number[] };
type Live = Samples & { rested: number[] };

export const firstModelRequest: Benchmark = {
  name: "first-model-request",
  run: (say) =>
    using(startStack(), async (stack) => {
      const client = await connect(stack);
      // The sandbox runs and everything was loaded once; a cold sandbox is the cold-container benchmark's.
      await coldThroughBerth(client, stack.model);
      await coldDirectly(stack.model);
      say(`cold, ${COLD_ROUNDS} rounds in turn`);
      const cold = await inTurn(COLD_ROUNDS, {
        berth: () => coldThroughBerth(client, stack.model),
        direct: () => coldDirectly(stack.model),
      });
      say(`live, ${LIVE_ROUNDS} rounds in turn`);
      const live = await measureLive(client, stack.model, say);
      await client.close();
      return toReport(cold, live);
    }),
};

async function inTurn(rounds: number, one: { berth(): Promise<number>; direct(): Promise<number> }): Promise<Samples> {
  const samples: Samples = { berth: [], direct: [] };
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? (["berth", "direct"] as const) : (["direct", "berth"] as const);
    for (const side of order) {
      samples[side].push(await one[side]());
      await sleep(PAUSE_MS);
    }
  }
  return samples;
}

/** A new session in a project whose sandbox runs. */
async function coldThroughBerth(client: Client, model: ScriptedModel): Promise<number> {
  const { sessionId, elapsedMs } = await promptThroughBerth(client, model, {});
  await client.callToolOrThrow("end_session", { session_id: sessionId });
  await sleep(PAUSE_MS);
  return elapsedMs;
}

async function promptThroughBerth(client: Client, model: ScriptedModel, args: Record<string, unknown>) {
  const { words, arrival, release } = expectRequest(model);
  const sentAt = performance.now();
  const starting = start(client, { ...args, prompt: words });
  const elapsedMs = (await arrival) - sentAt;
  release();
  const started = await starting;
  await waitForEnd(client, started);
  return { sessionId: started.session_id, elapsedMs };
}

async function coldDirectly(model: ScriptedModel): Promise<number> {
  const prepared = prepareDirectQuery(model.url);
  const { words, arrival, release } = expectRequest(model);
  const sentAt = performance.now();
  const direct = prepared.start();
  direct.push(words);
  const elapsedMs = (await arrival) - sentAt;
  release();
  await direct.result();
  await direct.end();
  return elapsedMs;
}

async function measureLive(client: Client, model: ScriptedModel, say: (line: string) => void): Promise<Live> {
  const { sessionId } = await promptThroughBerth(client, model, {});
  const again = async () => (await promptThroughBerth(client, model, { session_id: sessionId })).elapsedMs;
  const direct = prepareDirectQuery(model.url).start();
  await promptDirectly(direct, model);
  const samples = await inTurn(LIVE_ROUNDS, {
    berth: again,
    direct: () => promptDirectly(direct, model),
  });
  await direct.end();
  say(`live after a rest, ${RESTED_ROUNDS} rounds`);
  const rested: number[] = [];
  for (let round = 0; round < RESTED_ROUNDS; round++) {
    await sleep(REST_MS);
    rested.push(await again());
  }
  await client.callToolOrThrow("end_session", { session_id: sessionId });
  return { ...samples, rested };
}

async function promptDirectly(direct: DirectQuery, model: ScriptedModel): Promise<number> {
  const { words, arrival, release } = expectRequest(model);
  const sentAt = performance.now();
  direct.push(words);
  const elapsedMs = (await arrival) - sentAt;
  release();
  await direct.result();
  return elapsedMs;
}

/** A prompt whose model request is held back by a gate, and so announces its arrival. */
function expectRequest(model: ScriptedModel) {
  const gate = `bench-${crypto.randomUUID()}`;
  return {
    words: prompt("Say hello.", { steps: [[hold(gate), text("Hello.")]] }),
    arrival: model.reached(gate).then(() => performance.now()),
    release: () => model.release(gate),
  };
}

function toReport(cold: Samples, live: Live): Report {
  const rows = [
    toRow("cold CLI, execute_claude", cold.berth),
    toRow("cold CLI, query()", cold.direct),
    toRow("live CLI, execute_claude", live.berth),
    toRow("live CLI, query()", live.direct),
    toRow("live CLI, execute_claude after a rest", live.rested),
  ];
  const coldRatio = summarize(cold.berth).p50 / summarize(cold.direct).p50;
  const liveMore = summarize(live.berth).p50 - summarize(live.direct).p50;
  return {
    title: "first-model-request (from the call to the arrival of POST /v1/messages at the model, behind the gateway)",
    columns: ["", "rounds", "p50", "p90", "min", "max"],
    rows,
    goals: [
      { text: "cold, median against query()", value: coldRatio, limit: 1.2, unit: "×" },
      { text: "live, median more than query()", value: liveMore, limit: 30, unit: "ms" },
    ],
  };
}

function toRow(label: string, samples: readonly number[]): string[] {
  const { count, p50, p90, min, max } = summarize(samples);
  return [label, String(count), ms(p50), ms(p90), ms(min), ms(max)];
}
