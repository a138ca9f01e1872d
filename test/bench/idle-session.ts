// What a session costs while nobody works with it: connections to its sandbox and memory beside the Worker.
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connect, start, waitForEnd } from "../journeys/person.ts";
import { startStack, type Stack } from "../support/stack.ts";
import type { Benchmark, Report } from "./report.ts";
import { using } from "./running-parts.ts";
import { countConnections, measureHeap } from "./workerd-heap.ts";

const SESSIONS = 100;
/** What the edge compiles and caches on the way is no session's. */
const WARM_UP_SESSIONS = 60;
const MESSAGES = 20;
/** Longer than a Session object keeps its link (5 s) and workerd an object that nobody asks (10 s). */
const REST_MS = 25_000;
/** By how much the isolate's own heap differs from rest to rest, by session. */
const ISOLATE_NOISE_KB = 4;
const STUB_STACK = join("test", "support", "stub-cli", "start.ts");

type Held = { connections: number; heapBytes: number };

export const idleSession: Benchmark = {
  name: "idle-session",
  run: (say) =>
    using(startStack({ program: STUB_STACK }), async (stack) => {
      const client = await connect(stack);
      await runSessions(client, WARM_UP_SESSIONS);
      await sleep(REST_MS);
      const before = await measure(stack);
      say(`${SESSIONS} sessions of one turn each`);
      await runSessions(client, SESSIONS);
      const awake = await measure(stack);
      say(`a rest of ${REST_MS / 1000} s`);
      await sleep(REST_MS);
      const idle = await measure(stack);
      await client.close();
      return toReport({ before, awake, idle });
    }),
};

async function runSessions(client: Awaited<ReturnType<typeof connect>>, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    await waitForEnd(client, await start(client, { prompt: `say ${MESSAGES} idle-${index}` }));
  }
}

async function measure(stack: Stack): Promise<Held> {
  const { runners, wrangler } = stack.pids();
  return { connections: countConnections(Object.values(runners)), heapBytes: await measureHeap(wrangler) };
}

function toReport({ before, awake, idle }: Record<"before" | "awake" | "idle", Held>): Report {
  const row = (label: string, { connections, heapBytes }: Held): string[] => [
    label,
    String(connections),
    `${(heapBytes / 2 ** 20).toFixed(1)} MB`,
    `${((heapBytes - before.heapBytes) / 1024 / SESSIONS).toFixed(1)} KB`,
  ];
  const perSession = (idle.heapBytes - before.heapBytes) / 1024 / SESSIONS;
  return {
    title: `idle-session (${SESSIONS} sessions of one turn with ${MESSAGES} messages, the last of them a moment ago)`,
    columns: ["", "connections to runners", "heap of the edge", "more, per session"],
    rows: [
      row("before them", before),
      row("right after the last turn", awake),
      row(`after a rest of ${REST_MS / 1000} s`, idle),
    ],
    goals: [
      { text: "connections of an idle session", value: idle.connections / SESSIONS, limit: 0, unit: "" },
      { text: "memory of an idle session", value: perSession, limit: ISOLATE_NOISE_KB, unit: "KB" },
    ],
  };
}
