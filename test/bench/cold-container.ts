// A project's first prompt in a container that does not run yet, beside the bare base image started the same way.
import { setTimeout as sleep } from "node:timers/promises";
import { connect, prompt, start, waitForEnd, type Waited } from "../journeys/person.ts";
import { say as text } from "../support/scripted-model/scenario.ts";
import { startStack } from "../support/stack.ts";
import { type BareWorker, docker, startBareWorker } from "./bare-worker.ts";
import { type Benchmark, ms, type Report, type Skipped } from "./report.ts";
import { using } from "./running-parts.ts";
import { summarize } from "./statistics.ts";

const ROUNDS = 6;
/** After a round's containers were told to end. */
const PAUSE_MS = 1_000;
const TITLE = "cold-container";

type Client = Awaited<ReturnType<typeof connect>>;
type Cold = { firstEventMs: number; firstMessageMs: number };

export const coldContainer: Benchmark = {
  name: "cold-container",
  async run(say): Promise<Report | Skipped> {
    if (!(await docker.answers())) return { title: TITLE, skipped: "no container engine answers" };
    say("building both images");
    return using(startStack({ sandbox: "container" }), (stack) =>
      using(startBareWorker({ folder: "bare-container", containers: true }), async (bare) => {
        const client = await connect(stack);
        const report = await measure(client, bare, say);
        await client.close();
        return report;
      }),
    );
  },
};

async function measure(client: Client, bare: BareWorker, say: (line: string) => void): Promise<Report> {
  const berth: Cold[] = [];
  const base: number[] = [];
  // The first start of each image reads it from disk, and belongs to neither.
  await coldBerth(client, "bench-warm-up");
  await coldBare(bare, "warm-up");
  for (let round = 0; round < ROUNDS; round++) {
    say(`round ${round + 1} of ${ROUNDS}`);
    if (round % 2 === 0) base.push(await coldBare(bare, `round-${round}`));
    berth.push(await coldBerth(client, `bench-${round}`));
    if (round % 2 === 1) base.push(await coldBare(bare, `round-${round}`));
  }
  return toReport(berth, base);
}

/** From the call to the answer that says that the container's own server has answered. */
async function coldBare({ url }: BareWorker, name: string): Promise<number> {
  const sentAt = performance.now();
  const answer = await fetch(`${url}/start/${name}`);
  const elapsedMs = performance.now() - sentAt;
  if (answer.status !== 204) throw new Error("The bare container did not start.");
  await fetch(`${url}/end/${name}`);
  await sleep(PAUSE_MS);
  return elapsedMs;
}

/** From execute_claude on a new project to the first event that its runner wrote, and to Claude Code's first message. */
async function coldBerth(client: Client, project: string): Promise<Cold> {
  await client.callToolOrThrow("create_project", { name: project });
  const sentAt = performance.now();
  const started = await start(client, { project, prompt: prompt("Say hello.", { steps: [[text("Hello.")]] }) });
  const firstEventMs = (await eventArrival(client, started.session_id, "turn_started")) - sentAt;
  const firstMessageMs = (await eventArrival(client, started.session_id, "message_received")) - sentAt;
  await waitForEnd(client, started);
  await client.callToolOrThrow("end_session", { session_id: started.session_id });
  await client.callToolOrThrow("delete_project", { name: project });
  await sleep(PAUSE_MS);
  return { firstEventMs, firstMessageMs };
}

async function eventArrival(client: Client, sessionId: string, type: string): Promise<number> {
  for (let cursor = 0; ;) {
    const args = { session_id: sessionId, after_cursor: cursor, wait_seconds: 20, return_on: "event" };
    const waited = (await client.callToolOrThrow("wait_for_session", args)) as unknown as Waited;
    if (waited.events.some((event) => event.type === type)) return performance.now();
    if (waited.turn?.ended_at != null && !waited.has_more) throw new Error(`The turn ended without ${type}.`);
    cursor = waited.next_cursor;
  }
}

function toReport(berth: readonly Cold[], base: readonly number[]): Report {
  const firstEvents = berth.map(({ firstEventMs }) => firstEventMs);
  const firstMessages = berth.map(({ firstMessageMs }) => firstMessageMs);
  const more = (summarize(firstEvents).p50 - summarize(base).p50) / 1000;
  return {
    title: TITLE,
    columns: ["", "rounds", "p50", "p90", "min", "max"],
    rows: [
      toRow("bare base image, until its server answers", base),
      toRow("execute_claude, until the runner's first event", firstEvents),
      toRow("execute_claude, until Claude Code's first message", firstMessages),
    ],
    goals: [{ text: "first event, median more than the bare image", value: more, limit: 1, unit: "s" }],
  };
}

function toRow(label: string, samples: readonly number[]): string[] {
  const { count, p50, p90, min, max } = summarize(samples);
  return [label, String(count), ms(p50), ms(p90), ms(min), ms(max)];
}
