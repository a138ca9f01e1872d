// One engine process as the runner sees it: forked under the agent's user, with an environment that holds no secret.
import { fork } from "node:child_process";
import { chmodSync, chownSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../../config.ts";
import { type FromEngine, fromEngineSchema, type ToEngine } from "./engine-messages.ts";

const MAIN = join(import.meta.dirname, "main.ts");
/**
 * Index and buffers lie outside this heap: a small one is collected early, which keeps the whole process small.
 * Buffers that come and go make the collector begin all the time; in one go it is done in milliseconds, and in steps,
 * beside the work, it took a third of a restore.
 */
export const NODE_OPTIONS = [
  "--max-old-space-size=128",
  "--max-semi-space-size=4",
  "--no-incremental-marking",
  "--no-warnings",
];
/** Of Node's own settings, those that tell it where its certificates and its compiled code are. */
const PASSED_ON = ["NODE_EXTRA_CA_CERTS", "NODE_COMPILE_CACHE", "SSL_CERT_FILE", "LANG"];

export type EngineProcess = { say(message: ToEngine): void; kill(): void };

export type EngineListener = {
  /** Told of everything it says that can be parsed. Anything else ends it. */
  onMessage(message: FromEngine): void;
  onGone(): void;
};

/** The engine's own folder. Nobody but the agent's user reads what is in it. */
export function prepareEngineFolder(config: Config): string {
  const folder = join(config.stateDir, "checkpoints");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  if (config.cliUser !== null) chownSync(folder, config.cliUser.uid, config.cliUser.gid);
  return folder;
}

export function startEngineProcess(config: Config, folder: string, listener: EngineListener): EngineProcess {
  const child = fork(MAIN, [], {
    ...config.cliUser,
    cwd: "/",
    env: buildEnvironment(config, folder),
    execArgv: NODE_OPTIONS,
    // What the agent's user can say must not reach a reader of serialised objects.
    serialization: "json",
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  // An engine that waits keeps nobody from stopping.
  child.unref();
  child.channel?.unref();
  child.on("message", (message) => {
    const parsed = fromEngineSchema.safeParse(message);
    if (parsed.success) listener.onMessage(parsed.data);
    else child.kill("SIGKILL");
  });
  child.on("error", listener.onGone);
  child.on("exit", listener.onGone);
  return { say: (message) => void child.send(message, () => {}), kill: () => void child.kill("SIGKILL") };
}

function buildEnvironment(config: Config, folder: string): NodeJS.ProcessEnv {
  const passed = PASSED_ON.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  // The pool's threads would each keep memory of their own.
  const own = { PATH: config.path, HOME: folder, MALLOC_ARENA_MAX: "2" };
  const environment: Record<string, string> = { ...Object.fromEntries(passed), ...own };
  // oxlint-disable-next-line typescript/no-unnecessary-type-assertion -- among the tests, ProcessEnv has the edge's variables
  return environment as unknown as NodeJS.ProcessEnv;
}
