// The whole stack as a person starts it, for tests: `npm start` as a child process against a scripted model in the test.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cleanEnv } from "../../local/clean-env.ts";
import { openHome, homePaths } from "../../local/home.ts";
import { endRecorded } from "../../local/processes/leftovers.ts";
import { copyMigrated } from "./migrated-state.ts";
import type { Scenario } from "./scripted-model/scenario.ts";
import { type ScriptedModel, startScriptedModel } from "./scripted-model/server.ts";
import { listStackProcesses, readStackPids, type StackPids } from "./stack-processes.ts";

const REPOSITORY = join(import.meta.dirname, "..", "..");
const READY_TIMEOUT_MS = { process: 90_000, container: 10 * 60_000 };
const STOP_TIMEOUT_MS = 45_000;

export type StackOptions = {
  sandbox?: "process" | "container";
  scenarios?: Scenario[];
  /** Further environment of `npm start`; a value of "" takes a variable away. */
  env?: Record<string, string>;
  /** A program that runs the stack with parts of its own, instead of `npm start`. */
  program?: string;
  /** A BERTH_HOME that outlives the stack; without it a temporary one is made, and removed by stop(). */
  home?: string;
};

export type Stack = {
  /** The origin: http://localhost:<port>. */
  url: string;
  mcpUrl: string;
  port: number;
  home: string;
  signInCode: string;
  /** In the test's own process: its requests can be read and its gates released. */
  model: ScriptedModel;
  /** The key that `npm start` was given. It must never be seen inside a sandbox. */
  modelKey: string;
  /** Everything that `npm start` printed so far, over all its starts. */
  output(): string;
  /** Resolves once a line of the output from now on matches. */
  waitForOutput(pattern: RegExp, timeoutMs?: number): Promise<void>;
  pids(): StackPids;
  /** Every process of the stack that runs now, `npm start` left out once it ended. */
  processes(): number[];
  killWranglerTree(): void;
  killUserWorkerd(): void;
  killProxyWorkerd(): void;
  /** SIGKILL to the Claude Code processes; process mode. */
  killClis(): void;
  /** SIGKILL to npm start itself; what it started lives on. */
  killStart(): Promise<void>;
  /** Starts `npm start` again, with the same home and port. */
  restart(): Promise<void>;
  /** Ctrl-C, as a terminal sends it: to npm and all that it runs. Resolves once all of that has ended. */
  interrupt(): Promise<void>;
  /** Resolves once /health answers. */
  waitForHealth(timeoutMs?: number): Promise<void>;
  /** Ends everything, whatever state the test left it in. */
  stop(): Promise<void>;
};

export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const sandbox = options.sandbox ?? "process";
  const home = options.home ?? mkdtempSync(join(tmpdir(), "berth-stack-"));
  if (options.home === undefined) copyMigrated(home);
  const port = await findFreePort();
  const model = await startScriptedModel({ scenarios: options.scenarios ?? [] });
  const modelKey = `sk-ant-api03-test-${crypto.randomUUID()}`;
  const env = withoutEmpty({
    ...toolEnv(),
    PORT: String(port),
    BERTH_HOME: home,
    SANDBOX: sandbox,
    MODEL_BASE_URL: model.url,
    ANTHROPIC_API_KEY: modelKey,
    ALLOW_INSECURE_GIT: "true",
    ...options.env,
  });
  const run = () => launch(options.program ?? null, env);
  let child = run();
  const outputs = [child];
  const output = () => outputs.map((launched) => launched.output()).join("");

  async function start(): Promise<void> {
    await child.waitFor(/^Sign-in code: /m, READY_TIMEOUT_MS[sandbox]);
  }

  async function cleanUp(): Promise<void> {
    await child.kill();
    const secrets = openHome(home);
    await endRecorded({ runFolder: homePaths(home).run, homeId: secrets.home_id, runnerGraceMs: 0, graceMs: 0 });
    await model.close();
    if (options.home === undefined) rmSync(home, { recursive: true, force: true });
  }

  try {
    await start();
  } catch (error) {
    await cleanUp();
    throw error;
  }
  const url = `http://localhost:${port}`;
  const pids = () => readStackPids(home, port);
  return {
    url,
    mcpUrl: `${url}/mcp`,
    port,
    home,
    signInCode: /^Sign-in code: (\S+)/m.exec(output())?.[1] ?? "",
    model,
    modelKey,
    output,
    waitForOutput: (pattern, timeoutMs = 60_000) => child.waitFor(pattern, timeoutMs, child.output().length),
    pids,
    processes: () => listStackProcesses(home),
    killWranglerTree: () => killAll(pids().wrangler),
    killUserWorkerd: () => killAll([pids().userWorkerd]),
    killProxyWorkerd: () => killAll([pids().proxyWorkerd]),
    killClis: () => killAll(pids().clis),
    killStart: () => child.kill(),
    restart: async () => {
      child = run();
      outputs.push(child);
      await start();
    },
    interrupt: () => child.interrupt(),
    waitForHealth: (timeoutMs = 60_000) => waitForHealth(url, timeoutMs),
    stop: async () => {
      await child.interrupt().catch(() => undefined);
      await cleanUp();
    },
  };
}

type Launched = {
  output(): string;
  waitFor(pattern: RegExp, timeoutMs: number, from?: number): Promise<void>;
  kill(): Promise<void>;
  interrupt(): Promise<void>;
};

function launch(program: string | null, env: Record<string, string>): Launched {
  const [command, ...args] =
    program === null ? ["npm", "start", "--silent"] : [process.execPath, "local/bootstrap.mjs", program];
  // In a group of its own, so that npm, its shell and the script can be signalled together, as a terminal does.
  const child = spawn(command ?? "", args, { cwd: REPOSITORY, env: env as NodeJS.ProcessEnv, detached: true });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8");
    stream.on("data", (chunk: string) => (text += chunk));
  }
  // Not at npm's own exit: the script may still be ending what it started, and holds the output open until then.
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const hasExited = () => child.exitCode !== null || child.signalCode !== null;
  return {
    output: () => text,
    waitFor: async (pattern, timeoutMs, from = 0) => {
      const deadline = Date.now() + timeoutMs;
      while (!pattern.test(text.slice(from))) {
        const problem = hasExited() ? "ended" : Date.now() > deadline ? "took too long" : null;
        if (problem !== null) throw new Error(`npm start ${problem} before it said ${String(pattern)}:\n${text}`);
        await sleep(50);
      }
    },
    kill: async () => {
      signalGroup(child, "SIGKILL");
      await closed;
    },
    interrupt: async () => {
      signalGroup(child, "SIGINT");
      const timeout = sleep(STOP_TIMEOUT_MS, null, { ref: false }).then(() => {
        throw new Error(`npm start did not end on Ctrl-C:\n${text}`);
      });
      await Promise.race([closed, timeout]);
    },
  };
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  killAll(child.pid === undefined ? [] : [-child.pid], signal);
}

function killAll(pids: readonly (number | null)[], signal: NodeJS.Signals = "SIGKILL"): void {
  for (const pid of pids) {
    try {
      if (pid !== null) process.kill(pid, signal);
    } catch {
      // It is gone already.
    }
  }
}

/** This machine's own tools and Docker, and nothing that would decide how the stack starts. */
function toolEnv(): Record<string, string> {
  const handedOn = Object.entries(process.env).filter(([name]) => /^(?:DOCKER_|WRANGLER_|MINIFLARE_)/.test(name));
  return { ...cleanEnv(), ...(Object.fromEntries(handedOn) as Record<string, string>) };
}

function withoutEmpty(env: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
}

/** Below those that the system gives to whoever asks for any: between here and the start nobody else is given it. */
const [FIRST_PORT, PORTS_PER_WORKER, TRIES] = [12_000, 2_000, 50];

/** Each of vitest's workers has ports of its own, so that two stacks that start at once do not choose the same one. */
async function findFreePort(): Promise<number> {
  const worker = Number(process.env["VITEST_POOL_ID"] ?? 0) % 8;
  for (let tries = 0; tries < TRIES; tries++) {
    const port = FIRST_PORT + worker * PORTS_PER_WORKER + Math.floor(Math.random() * PORTS_PER_WORKER);
    if (await isFree(port)) return port;
  }
  throw new Error("The machine has no free port.");
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const isListening = await new Promise<boolean>((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => resolve(true));
  });
  if (isListening) await new Promise((resolve) => server.close(resolve));
  return isListening;
}

async function waitForHealth(url: string, timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = await fetch(`${url}/health`, { signal: AbortSignal.timeout(2_000) }).catch(() => null);
    // The one who answers may be killed in the middle of it.
    const body = await answer?.arrayBuffer().catch(() => null);
    if (answer?.status === 200 && body != null) return;
    if (Date.now() > deadline) throw new Error(`${url}/health did not answer in time.`);
    await sleep(100);
  }
}
