// `npm run demo`, the tour: boots a stack of its own, signs an MCP client in, runs one job, prints its events as they come.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { z } from "zod";
import { signInHeadless } from "./sign-in.ts";

const repository = join(import.meta.dirname, "..");
const FILE = "hello.txt";
const PROMPT = `Please write ${FILE} with a greeting from this tour.`;
const PROJECT = "tour";

const eventSchema = z.looseObject({
  seq: z.number(),
  type: z.string(),
  data: z.record(z.string(), z.unknown()).default({}),
});
type TourEvent = z.infer<typeof eventSchema>;

const waitAnswerSchema = z.object({
  status: z.string(),
  events: z.array(eventSchema),
  next_cursor: z.unknown(),
  has_more: z.boolean(),
  result: z.object({ text: z.string(), is_error: z.boolean() }).nullish(),
  turn: z.object({ status: z.string() }).nullish(),
});
const startAnswerSchema = z.object({ session_id: z.string(), turn_id: z.string(), cursor: z.unknown() });
const fileAnswerSchema = z.looseObject({ content: z.string() });

const home = mkdtempSync(join(tmpdir(), "berth-demo-"));
let stack: ChildProcess | null = null;
let stopping: Promise<void> | null = null;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void stop(130));

try {
  await tour();
  await stop(0);
} catch (error) {
  console.error(`\nThe tour ended early: ${error instanceof Error ? error.message : String(error)}`);
  await stop(1);
}

async function tour(): Promise<void> {
  const port = await findFreePort();
  heading(`1. npm start, on port ${port} with a temporary BERTH_HOME`);
  const { mcpUrl, signInCode } = await boot(port);
  heading("2. An MCP client finds the server, registers, and signs in with the code");
  const client = await connect(mcpUrl, signInCode);
  heading(`3. execute_claude: "${PROMPT}"`);
  await runJob(client);
  heading(`4. read_project_file: ${FILE}`);
  const file = fileAnswerSchema.parse(await callTool(client, "read_project_file", { project: PROJECT, path: FILE }));
  console.log(indent(file.content));
  await client.close();
}

async function boot(port: number): Promise<{ mcpUrl: string; signInCode: string }> {
  // Without the key, so that the tour costs nothing and says the same each time.
  const env = { ...process.env, PORT: String(port), BERTH_HOME: home, ANTHROPIC_API_KEY: "" };
  // The channel ends with this process, however that ends, and the stack ends with the channel.
  const child = spawn(process.execPath, [join(repository, "local", "start.ts")], {
    cwd: repository,
    env,
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  stack = child;
  if (child.stdout === null) throw new Error("the stack has no output.");
  const lines = createInterface({ input: child.stdout });
  const signInCode = await new Promise<string>((resolve, reject) => {
    lines.on("line", (line) => {
      console.log(indent(line));
      const code = /^Sign-in code: (\S+)$/.exec(line)?.[1];
      if (code !== undefined) resolve(code);
    });
    lines.once("close", () => reject(new Error("the stack did not start; what it said stands above.")));
  });
  lines.removeAllListeners("line").on("line", () => undefined);
  return { mcpUrl: `http://localhost:${port}/mcp`, signInCode };
}

async function connect(mcpUrl: string, signInCode: string): Promise<Client> {
  const { provider } = await signInHeadless(mcpUrl, signInCode);
  const versionNegotiation = { mode: { pin: "2026-07-28" } };
  const client = new Client({ name: "berth-tour", version: "1.0.0" }, { versionNegotiation });
  await client.connect(new StreamableHTTPClientTransport(new URL(mcpUrl), { authProvider: provider }));
  const { tools } = await client.listTools();
  console.log(indent(`Signed in. Tools: ${tools.map((tool) => tool.name).join(", ")}`));
  return client;
}

async function runJob(client: Client): Promise<void> {
  await callTool(client, "create_project", { name: PROJECT });
  const started = startAnswerSchema.parse(
    await callTool(client, "execute_claude", { project: PROJECT, prompt: PROMPT, wait_seconds: 0 }),
  );
  console.log(indent(`session ${started.session_id}`));
  let cursor = started.cursor;
  for (;;) {
    const wait = { session_id: started.session_id, after_cursor: cursor, return_on: "event", wait_seconds: 20 };
    const news = waitAnswerSchema.parse(await callTool(client, "wait_for_session", wait));
    for (const event of news.events) console.log(indent(describeEvent(event)));
    cursor = news.next_cursor;
    const isOver = news.events.some((event) => event.type === "turn_completed");
    if (!isOver) continue;
    if (news.result?.is_error === true) throw new Error(`the job failed: ${news.result.text}`);
    return;
  }
}

async function callTool(client: Client, name: string, args: Record<string, unknown>): Promise<unknown> {
  const answer = await client.callTool({ name, arguments: args });
  if (answer.isError !== true) return answer.structuredContent;
  const texts = answer.content.map((block) => (block.type === "text" ? block.text : ""));
  throw new Error(`${name} answered: ${texts.join(" ")}`);
}

function describeEvent(event: TourEvent): string {
  return `${String(event.seq).padStart(3)}  ${event.type.padEnd(24)} ${summarise(event.data)}`.trimEnd();
}

/** The part of an event that fits on a line. */
function summarise(data: Record<string, unknown>): string {
  const { message, ...rest } = data;
  const plain = Object.entries(rest).filter(([, value]) => ["string", "number", "boolean"].includes(typeof value));
  const words = plain.map(([name, value]) => `${name}=${String(value)}`);
  const kind = (message as { type?: unknown } | undefined)?.type;
  const text = [...(typeof kind === "string" ? [kind] : []), ...words].join(" ").replaceAll(/\s+/g, " ");
  return text.length > 110 ? `${text.slice(0, 109)}…` : text;
}

function stop(exitCode: number): Promise<void> {
  stopping ??= endStack().finally(() => {
    rmSync(home, { recursive: true, force: true });
    if (exitCode === 0) heading("Done. Everything that the tour started is ended and removed.");
    process.exit(exitCode);
  });
  return stopping;
}

async function endStack(): Promise<void> {
  const child = stack;
  if (child === null || child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  await exited;
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("the machine gave no free port.");
  return address.port;
}

function heading(text: string): void {
  console.log(`\n${text}`);
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, "   ");
}
