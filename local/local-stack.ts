// Sets the local stack up, keeps it running and ends all of it. The composition root of local/.
import { mkdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { AppError } from "../src/shared/errors/app-error.ts";
import { describeReady, describeTakeover, SCRIPTED_MODEL_BANNER } from "./banner.ts";
import { chooseSandbox, endStaleContainers, openForwarder } from "./choose-sandbox.ts";
import { createDocker } from "./containers.ts";
import { answersHealth, waitForHealth } from "./edge-health.ts";
import { homePaths, openHome } from "./home.ts";
import { boundLog, readLogTail } from "./processes/log-file.ts";
import { endRecorded } from "./processes/leftovers.ts";
import type { ManagedProcess } from "./processes/managed-process.ts";
import { removePidFile, writePidFile } from "./processes/pid-files.ts";
import { startResolver } from "./resolver/resolver.ts";
import { startSandboxSupervisor } from "./sandboxes/start-supervisor.ts";
import { startScriptedModelProcess } from "./scripted-model.ts";
import { readSettings, type SandboxMode, type Settings } from "./settings.ts";
import { supervise } from "./supervise.ts";
import { writeWorkerEnv } from "./worker-env.ts";
import { applyMigrations, logPathOf, startWranglerDev, workerNameOf } from "./wrangler.ts";

const PROCESS_READY_MS = 90_000;
/** An image that has to be built first takes its time. */
const CONTAINER_READY_MS = 15 * 60_000;
/** Longer than the runner takes to send what it holds. */
const RUNNER_GRACE_MS = 8_000;
const GRACE_MS = 3_000;
const LOG_CHECK_INTERVAL_MS = 10_000;

const repository = join(import.meta.dirname, "..");

/** What a program that is not `npm start` puts in the place of the stack's own parts. */
export type StackVariation = {
  /** The Worker's entry instead of wrangler.toml's `main`, below the repository. */
  workerEntry?: string;
  /** The runner's program; process mode. */
  runnerEntry?: string;
  /** Where the objects find the sandbox supervisor; process mode. */
  supervisorUrl?: (real: string) => string;
};

const stopping = new AbortController();

/** Resolves to nothing: the process ends with the stack. */
export async function runLocalStack(variation: StackVariation = {}): Promise<never> {
  let isAsked = false;
  for (const event of ["SIGINT", "SIGTERM", "SIGHUP", "disconnect"] as const) {
    // `disconnect`: whoever started it over a channel (the tour) has gone away.
    process.on(event, () => {
      isAsked = true;
      stopping.abort();
    });
  }
  // Whoever reads the output may go away first; what was started is still ended in good order.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  try {
    await run(readSettings(process.env, process.cwd()), variation);
  } catch (error) {
    if (!isAsked) {
      console.error(error instanceof AppError ? error.message : error);
      process.exitCode = 1;
    }
  }
  process.exit();
}

async function run(settings: Settings, variation: StackVariation): Promise<void> {
  const context = openContext(settings, variation);
  const left = await endRecorded({
    runFolder: context.paths.run,
    homeId: context.homeId,
    runnerGraceMs: 0,
    graceMs: 0,
  });
  if (left.length > 0) say(describeTakeover(left, settings.home));
  writePidFile(context.paths.run, "start", { pid: process.pid, marks: [] });
  try {
    await runStack(settings, context);
  } finally {
    await stopAll(context);
  }
}

function openContext(settings: Settings, variation: StackVariation) {
  const secrets = openHome(settings.home);
  const paths = homePaths(settings.home);
  rmSync(paths.temporary, { recursive: true, force: true });
  for (const path of [paths.run, paths.logs, paths.workspaces, paths.temporary]) {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  }
  const docker = createDocker(settings.dockerCommand);
  const memoryPath = paths.memory;
  return {
    repository,
    variation,
    home: settings.home,
    paths,
    secrets,
    homeId: secrets.home_id,
    docker,
    memoryPath,
    usesDocker: false,
    mode: "process" as SandboxMode,
    background: [] as Promise<void>[],
  };
}
type Context = ReturnType<typeof openContext>;

async function runStack(settings: Settings, context: Context): Promise<void> {
  const choice = await chooseSandbox(settings, context.docker);
  context.usesDocker = choice.dockerAnswers;
  context.mode = choice.mode;
  if (choice.dockerAnswers) {
    const ended = await endStaleContainers(context, choice.mode);
    if (ended.length > 0) say(`Ended containers that an earlier run left: ${ended.length}.`);
  }
  await checkPort(settings.port);
  say(choice.explanation);
  const modelBaseUrl = await startModel(settings, context);
  const sandboxUrls = await startSandboxes(settings, context, choice.mode);
  writeWorkerEnv(context.paths.workerEnv, {
    METRICS_TOKEN: "none",
    OTEL_EXPORTER_OTLP_HEADERS: "none",
    ...settings.workerSettings,
    PUBLIC_URL: `http://localhost:${settings.port}`,
    MODEL_BASE_URL: modelBaseUrl,
    SCRIPTED_MODEL: String(settings.modelKey === null),
    MAX_PERMISSION_MODE: settings.maxPermissionMode,
    CLI_IDLE_MINUTES: String(settings.cliIdleMinutes),
    SANDBOX_IDLE_MINUTES: String(settings.sandboxIdleMinutes),
    SANDBOX: choice.mode,
    ...sandboxUrls,
    ALLOW_INSECURE_GIT: String(settings.allowInsecureGit),
    ALLOW_LOOPBACK_URLS: String(settings.allowLoopbackUrls),
    DNS_RESOLVER_URL: (await startResolver()).url,
    ANTHROPIC_API_KEY: settings.modelKey ?? "the-scripted-model-needs-no-key",
    RUN_TOKEN_SECRET: context.secrets.run_token_secret,
    SIGN_IN_CODE: context.secrets.sign_in_code,
    VAULT_KEYS: context.secrets.vault_keys,
    SANDBOX_SUPERVISOR_TOKEN: context.secrets.sandbox_supervisor_token,
  });
  await applyMigrations(context);
  await serve(settings, context, choice.mode);
}

/** Resolves to where the gateway finds the model. */
async function startModel(settings: Settings, context: Context): Promise<string> {
  if (settings.modelKey !== null) return settings.modelBaseUrl;
  const model = await startScriptedModelProcess(context, 0);
  say(SCRIPTED_MODEL_BANNER);
  const start = async () => (await startScriptedModelProcess(context, model.port)).process;
  context.background.push(keepAlive("The scripted model", start, model.process));
  return model.url;
}

async function startSandboxes(
  settings: Settings,
  context: Context,
  mode: SandboxMode,
): Promise<{ SANDBOX_EDGE_URL: string; SANDBOX_SUPERVISOR_URL: string }> {
  if (mode === "container") {
    const forwarder = await openForwarder(context, settings.port);
    return { SANDBOX_EDGE_URL: `http://host.docker.internal:${forwarder.port}`, SANDBOX_SUPERVISOR_URL: "" };
  }
  const { port, process: first } = await startSandboxSupervisor(context, 0);
  const start = async () => (await startSandboxSupervisor(context, port)).process;
  context.background.push(keepAlive("The sandbox supervisor", start, first));
  const supervisorUrl = `http://127.0.0.1:${port}`;
  return {
    SANDBOX_EDGE_URL: `http://127.0.0.1:${settings.port}`,
    SANDBOX_SUPERVISOR_URL: context.variation.supervisorUrl?.(supervisorUrl) ?? supervisorUrl,
  };
}

/** For processes that have said that they listen when `start` resolves. */
function keepAlive(name: string, start: () => Promise<ManagedProcess>, first: ManagedProcess): Promise<void> {
  const waitUntilReady = () => Promise.resolve(true);
  const probe = () => Promise.resolve(true);
  return supervise({ name, start, waitUntilReady, probe, say, signal: stopping.signal }, first);
}

async function serve(settings: Settings, context: Context, mode: SandboxMode): Promise<void> {
  const start = () =>
    startWranglerDev(context, { port: settings.port, sandbox: mode, entry: context.variation.workerEntry });
  const timeoutMs = mode === "container" ? CONTAINER_READY_MS : PROCESS_READY_MS;
  const waitUntilReady = (child: ManagedProcess) =>
    waitForHealth(settings.port, { timeoutMs, isOver: () => child.hasExited() || stopping.signal.aborted });
  // What this run's wrangler says stands alone in its log; the run before is in the older copy.
  boundLog(logPathOf(context, "wrangler"), 0);
  const first = start();
  if (!(await waitUntilReady(first))) {
    if (stopping.signal.aborted) return;
    const log = logPathOf(context, "wrangler");
    const advice = mode === "container" ? "\nIf Docker is the trouble: SANDBOX=process npm start does without it." : "";
    throw new AppError(
      "internal",
      `wrangler dev did not come up. The end of ${log}:\n${readLogTail(log, 30)}${advice}`,
    );
  }
  say(describeReady(settings.port, context.secrets.sign_in_code));
  const roles = ["wrangler", "sandbox-supervisor", "scripted-model"];
  const bounding = setInterval(
    () => roles.forEach((role) => boundLog(logPathOf(context, role))),
    LOG_CHECK_INTERVAL_MS,
  );
  const probe = () => answersHealth(settings.port);
  await supervise({ name: "wrangler dev", start, waitUntilReady, probe, say, signal: stopping.signal }, first);
  clearInterval(bounding);
}

async function stopAll(context: Context): Promise<void> {
  stopping.abort();
  await Promise.allSettled(context.background);
  await endRecorded({
    runFolder: context.paths.run,
    homeId: context.homeId,
    runnerGraceMs: RUNNER_GRACE_MS,
    // Asked to end, wrangler removes every container of the image, other homes' as well; those of this one follow below.
    graceMs: context.mode === "container" ? 0 : GRACE_MS,
  });
  if (context.usesDocker) await context.docker.removeSandboxes(workerNameOf(context.homeId));
  for (const path of [context.paths.temporary, context.paths.workerEnv]) rmSync(path, { recursive: true, force: true });
  removePidFile(context.paths.run, "start");
}

async function checkPort(port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  }).catch((cause: unknown) => {
    const isBusy = (cause as NodeJS.ErrnoException).code === "EADDRINUSE";
    const why = isBusy ? "is in use by another program" : "cannot be listened on";
    throw new AppError(
      "invalid_argument",
      `Port ${port} ${why}. End that program, or choose another: PORT=8788 npm start`,
    );
  });
  await new Promise((resolve) => server.close(resolve));
}

function say(line: string): void {
  console.log(line);
}
