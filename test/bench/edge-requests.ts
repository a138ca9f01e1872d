// Requests per second and latency of `tools/list` and `get_session`, beside a bare createMcpHandler with the same tools.
import { setTimeout as sleep } from "node:timers/promises";
import { connectModern, signIn } from "../support/mcp-clients.ts";
import { prompt, start, waitForEnd } from "../journeys/person.ts";
import { say as text } from "../support/scripted-model/scenario.ts";
import { startStack, type Stack } from "../support/stack.ts";
import { startBareWorker } from "./bare-worker.ts";
import { type Era, type Load, mcpRequest, type McpRequest, runLoad, send } from "./edge-load.ts";
import { type Benchmark, ms, type Report } from "./report.ts";
import { using } from "./running-parts.ts";
import { median, percentile } from "./statistics.ts";

const CONNECTIONS = 8;
const ROUNDS = 5;
const ROUND_MS = 900;
const WARM_UP_MS = 1_000;
const ERAS: readonly Era[] = ["2026-07-28", "2025-11-25"];

const OPERATIONS = ["tools/list", "get_session"] as const;
type Operation = (typeof OPERATIONS)[number];

/** `bare` registers zod schemas as the SDK's README does; `bare, ready` hands it JSON that was made once. */
const TARGETS = ["berth", "bare", "bare, ready"] as const;
type Target = (typeof TARGETS)[number];

export const edgeRequests: Benchmark = {
  name: "edge-requests",
  run: (say) =>
    using(startStack(), async (stack) => {
      const berth = await prepareSession(stack);
      const vars = (url: string) => ({ PUBLIC_URL: url, GET_SESSION_ANSWER: toBase64(berth.view) });
      return using(startBareWorker({ folder: "bare-edge", vars }), async (bare) => {
        const accessToken = (await signIn(bare.url, "")).access_token;
        return measureAll(say, {
          berth: { mcpUrl: stack.mcpUrl, accessToken: berth.accessToken },
          bare: { mcpUrl: `${bare.url}/mcp`, accessToken },
          "bare, ready": { mcpUrl: `${bare.url}/mcp?schemas=ready`, accessToken },
          sessionId: berth.sessionId,
        });
      });
    }),
};

/** A session with one ended turn, idle, its CLI alive. */
async function prepareSession(stack: Stack) {
  const tokens = await signIn(stack.url, stack.signInCode);
  const client = await connectModern(stack.mcpUrl, tokens);
  const started = await start(client, { prompt: prompt("Say hello.", { steps: [[text("Hello.")]] }) });
  await waitForEnd(client, started);
  const view = await client.callToolOrThrow("get_session", { session_id: started.session_id });
  await client.close();
  return { accessToken: tokens.access_token, sessionId: started.session_id, view };
}

type Address = { mcpUrl: string; accessToken: string };
type Addresses = Record<Target, Address> & { sessionId: string };

async function measureAll(say: (line: string) => void, addresses: Addresses): Promise<Report> {
  const rows: string[][] = [];
  const goals: Report["goals"][number][] = [];
  for (const operation of OPERATIONS) {
    for (const era of ERAS) {
      say(`${operation}, ${era}`);
      const loads = await measure((target) => requestOf(operation, era, addresses, target));
      rows.push(...TARGETS.map((target) => toRow(`${operation}, ${era}, ${target}`, loads, target)));
      const value = medianRatio(loads, "bare");
      goals.push({
        text: `${operation}, ${era}, requests/s against bare`,
        value,
        limit: 0.8,
        unit: "×",
        atLeast: true,
      });
    }
  }
  const columns = ["", "requests/s", "p50", "p99", "against bare", "against bare, ready"];
  return { title: `edge-requests (${CONNECTIONS} connections, ${ROUNDS} rounds in turn)`, columns, rows, goals };
}

function requestOf(operation: Operation, era: Era, addresses: Addresses, target: Target): McpRequest {
  if (operation === "tools/list") return mcpRequest(addresses[target], era, { method: "tools/list" });
  const call = { name: "get_session", arguments: { session_id: addresses.sessionId } };
  return mcpRequest(addresses[target], era, { method: "tools/call", ...call });
}

type Loads = Record<Target, Load[]>;

/** In turn, and every other time in the opposite order, so that a slow moment of the machine meets all of them. */
async function measure(request: (target: Target) => McpRequest): Promise<Loads> {
  const loads: Loads = { berth: [], bare: [], "bare, ready": [] };
  for (const target of TARGETS) {
    await send(request(target));
    await runLoad(request(target), { connections: CONNECTIONS, durationMs: WARM_UP_MS });
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (const target of round % 2 === 0 ? TARGETS : TARGETS.toReversed()) {
      loads[target].push(await runLoad(request(target), { connections: CONNECTIONS, durationMs: ROUND_MS }));
      await sleep(50);
    }
  }
  return loads;
}

function toRow(label: string, loads: Loads, target: Target): string[] {
  const latencies = loads[target].flatMap((load) => load.latenciesMs);
  const perSecond = median(loads[target].map((load) => load.perSecond));
  const ratio = (base: Target) => (target === "berth" ? `${medianRatio(loads, base).toFixed(2)}×` : "");
  const times = [ms(percentile(latencies, 0.5)), ms(percentile(latencies, 0.99))];
  return [label, perSecond.toFixed(0), ...times, ratio("bare"), ratio("bare, ready")];
}

/** The median over the rounds of what Berth did in a round against what the other did in the same one. */
function medianRatio(loads: Loads, base: Target): number {
  const ratios = loads.berth.map((load, round) => load.perSecond / (loads[base][round]?.perSecond ?? Number.NaN));
  return median(ratios);
}

function toBase64(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64");
}
