// How wrangler is called: `wrangler dev` for the stack, and the D1 migrations before it.
import { join } from "node:path";
import { AppError } from "../src/shared/errors/app-error.ts";
import { cleanEnv } from "./clean-env.ts";
import type { HomePaths } from "./home.ts";
import { hashPaths, readMemory, remember } from "./memory.ts";
import { readLogTail } from "./processes/log-file.ts";
import { type ManagedProcess, startManaged } from "./processes/managed-process.ts";
import type { SandboxMode } from "./settings.ts";

type WranglerContext = {
  repository: string;
  paths: HomePaths;
  homeId: string;
};

/** Part of the names of the containers, so that two homes never end each other's. */
export function workerNameOf(homeId: string): string {
  return `berth-${homeId}`;
}

export function startWranglerDev(
  context: WranglerContext,
  options: { port: number; sandbox: SandboxMode; entry?: string | undefined },
): ManagedProcess {
  const { paths, homeId } = context;
  const args = [
    "dev",
    ...(options.entry === undefined ? [] : [options.entry]),
    "--name",
    workerNameOf(homeId),
    "--ip",
    "127.0.0.1",
    "--port",
    String(options.port),
    "--inspector-port",
    "0",
    "--show-interactive-dev-session=false",
    "--log-level",
    "info",
    "--persist-to",
    paths.wranglerState,
    "--env-file",
    paths.workerEnv,
    `--enable-containers=${String(options.sandbox === "container")}`,
  ];
  return runWrangler(context, "wrangler", args);
}

/** Does nothing when the migrations are those of the last time. */
export async function applyMigrations(context: WranglerContext): Promise<void> {
  const { repository, paths } = context;
  const hash = hashPaths([join(repository, "migrations")]);
  if (readMemory(paths.memory).migrations_sha256 === hash) return;
  const args = ["d1", "migrations", "apply", "DB", "--local", "--persist-to", paths.wranglerState];
  const command = runWrangler(context, "migrations", args);
  const exitCode = await command.exited;
  await command.end(0);
  if (exitCode !== 0) {
    const log = logPathOf(context, "migrations");
    throw new AppError(
      "internal",
      `The D1 migrations could not be applied. The end of ${log}:\n${readLogTail(log, 20)}`,
    );
  }
  remember(paths.memory, { migrations_sha256: hash });
}

export function logPathOf(context: { paths: HomePaths }, role: string): string {
  return join(context.paths.logs, `${role}.log`);
}

function runWrangler(context: WranglerContext, role: string, args: string[]): ManagedProcess {
  return startManaged({
    role,
    runFolder: context.paths.run,
    mark: `${context.homeId}/${role}`,
    command: process.execPath,
    args: [join(context.repository, "node_modules", "wrangler", "bin", "wrangler.js"), ...args],
    cwd: context.repository,
    env: wranglerEnv(context.paths),
    logPath: logPathOf(context, role),
  });
}

/** Not this process's whole environment: wrangler takes a variable of it before the same name in the env file. */
function wranglerEnv(paths: HomePaths): Record<string, string> {
  const handedOn = Object.entries(process.env).filter(([name]) => /^(?:DOCKER_|WRANGLER_|MINIFLARE_)/.test(name));
  return {
    ...cleanEnv(),
    ...(Object.fromEntries(handedOn) as Record<string, string>),
    TMPDIR: paths.temporary,
    WRANGLER_LOG_PATH: join(paths.temporary, "wrangler-logs"),
    WRANGLER_REGISTRY_PATH: join(paths.temporary, "wrangler-registry"),
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_HIDE_BANNER: "true",
    WRANGLER_NO_SKILLS_UPDATE_PROMPTS: "true",
    CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV: "true",
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
    // Pages on the same port that show and change all local data to whoever asks.
    X_LOCAL_EXPLORER: "false",
    X_LOCAL_OBSERVABILITY: "false",
    NO_COLOR: "1",
  };
}
