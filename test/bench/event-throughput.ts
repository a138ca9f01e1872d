// Events a second, from Claude Code's process into the log and on to a watcher, beside the bare stream of the same lines.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { join } from "node:path";
import type { SessionEvent } from "../../src/shared/events/event.ts";
import { connect, start } from "../journeys/person.ts";
import { signIn } from "../support/mcp-clients.ts";
import { startStack, type Stack } from "../support/stack.ts";
import { type BareWorker, startBareWorker } from "./bare-worker.ts";
import type { Benchmark, Report } from "./report.ts";
import { using } from "./running-parts.ts";
import { median } from "./statistics.ts";

const ROUNDS = 5;
const MESSAGES = 20_000;
const WARM_UP_MESSAGES = 4_000;
const STUB_STACK = join("test", "support", "stub-cli", "start.ts");

type Watching = { client: Awaited<ReturnType<typeof connect>>; accessToken: string; stack: Stack };
type Rates = { log: number; watcher: number };

/** `lines`: the process's output, unread by anything on the way. `messages`: each one read by the Agent SDK's query(). */
const FORMS = ["lines", "messages"] as const;
type Form = (typeof FORMS)[number];
type Sample = Rates & Record<Form, number>;

export const eventThroughput: Benchmark = {
  name: "event-throughput",
  run: (say) =>
    using(startStack({ program: STUB_STACK }), async (stack) => {
      const client = await connect(stack);
      const accessToken = (await signIn(stack.url, stack.signInCode)).access_token;
      return using(startSandbox(), async (sandbox) =>
        using(startBareWorker({ folder: "bare-stream", vars: () => ({ SANDBOX_URL: sandbox.url }) }), async (bare) => {
          const watching = { client, accessToken, stack };
          await measureBerth(watching, WARM_UP_MESSAGES);
          for (const form of FORMS) await measureBare(bare, form, WARM_UP_MESSAGES);
          const samples: Sample[] = [];
          for (let round = 0; round < ROUNDS; round++) {
            say(`round ${round + 1} of ${ROUNDS}, ${MESSAGES} messages each`);
            const lines = await measureBare(bare, "lines", MESSAGES);
            const messages = await measureBare(bare, "messages", MESSAGES);
            samples.push({ lines, messages, ...(await measureBerth(watching, MESSAGES)) });
          }
          await client.close();
          return toReport(samples);
        }),
      );
    }),
};

/** From the first message to the last: by the object's clock for the log, by this process's for the watcher. */
async function measureBerth({ client, accessToken, stack }: Watching, count: number): Promise<Rates> {
  const started = await start(client, { prompt: `say ${count} events` });
  const response = await fetch(`${stack.mcpUrl}/sessions/${started.session_id}/events`, {
    headers: { authorization: `Bearer ${accessToken}` },
  });
  const seen: { at: string; seenAt: number }[] = [];
  for await (const line of linesOf(response)) {
    if (!line.startsWith("data: ")) continue;
    const event = JSON.parse(line.slice("data: ".length)) as SessionEvent;
    if (event.type === "turn_completed") break;
    const message = event.data["message"] as { type?: string } | undefined;
    if (message?.type === "assistant") seen.push({ at: event.at, seenAt: performance.now() });
  }
  expectAll(seen.length, count);
  await client.callToolOrThrow("end_session", { session_id: started.session_id });
  const [first, last] = [seen[0], seen.at(-1)];
  if (first === undefined || last === undefined) throw new Error("Nothing was seen.");
  return {
    log: perSecond(count, Date.parse(last.at) - Date.parse(first.at)),
    watcher: perSecond(count, last.seenAt - first.seenAt),
  };
}

async function measureBare(bare: BareWorker, form: Form, count: number): Promise<number> {
  const response = await fetch(`${bare.url}/${form}?prompt=${encodeURIComponent(`say ${count} events`)}`);
  const seenAt: number[] = [];
  for await (const line of linesOf(response)) {
    const message = JSON.parse(line) as { type?: string };
    if (message.type === "assistant") seenAt.push(performance.now());
  }
  expectAll(seenAt.length, count);
  return perSecond(count, (seenAt.at(-1) ?? 0) - (seenAt[0] ?? 0));
}

async function* linesOf(response: Response): AsyncGenerator<string> {
  if (!response.ok || response.body === null) throw new Error(`The stream answered ${response.status}.`);
  let rest = "";
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

function perSecond(count: number, ms: number): number {
  return (count / Math.max(ms, 1)) * 1000;
}

function expectAll(found: number, count: number): void {
  if (found !== count) throw new Error(`${count} messages were sent and ${found} arrived.`);
}

type Sandbox = { url: string; stop(): Promise<void> };

async function startSandbox(): Promise<Sandbox> {
  const entry = join(import.meta.dirname, "bare-stream", "sandbox.ts");
  const child: ChildProcess = spawn(process.execPath, [entry], { stdio: ["ignore", "pipe", "inherit"] });
  if (child.stdout === null) throw new Error("The bare sandbox has no output.");
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  const { listening } = JSON.parse(line) as { listening: number };
  const stop = async (): Promise<void> => void child.kill();
  return { url: `http://127.0.0.1:${listening}`, stop };
}

function toReport(samples: readonly Sample[]): Report {
  const rates = (name: keyof Sample) => samples.map((sample) => sample[name]);
  const row = (label: string, all: readonly number[]): string[] => [
    label,
    ...[median(all), Math.min(...all), Math.max(...all)].map((rate) => String(Math.round(rate))),
  ];
  const against = (form: Form) => median(samples.map((sample) => sample.watcher / sample[form]));
  return {
    title: `event-throughput (${MESSAGES} messages of about 400 bytes, ${samples.length} rounds in turn)`,
    columns: ["messages/s", "median", "min", "max"],
    rows: [
      row("Claude Code's process → the session's log", rates("log")),
      row("Claude Code's process → a watcher of the event stream", rates("watcher")),
      row("bare: messages of query() → a Worker → a reader", rates("messages")),
      row("bare: the process's output → a Worker → a reader", rates("lines")),
    ],
    goals: [
      { text: "into the log", value: median(rates("log")), limit: 10_000, unit: "messages/s", atLeast: true },
      { text: "to a watcher", value: median(rates("watcher")), limit: 10_000, unit: "messages/s", atLeast: true },
      { text: "to a watcher, against query()", value: against("messages"), limit: 0.5, unit: "×", atLeast: true },
      { text: "to a watcher, against unread lines", value: against("lines"), limit: 0.5, unit: "×", atLeast: true },
    ],
  };
}
