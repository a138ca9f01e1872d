// Starts one of the bare Workers that Berth is compared with, by the same `wrangler dev`, and ends it without a rest.
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cleanEnv } from "../../local/clean-env.ts";
import { createDocker } from "../../local/containers.ts";
import { readLogTail } from "../../local/processes/log-file.ts";
import { startManaged } from "../../local/processes/managed-process.ts";
import { writeWorkerEnv } from "../../local/worker-env.ts";

const REPOSITORY = join(import.meta.dirname, "..", "..");
const READY_TIMEOUT_MS = 5 * 60_000;

export const docker = createDocker(process.env["WRANGLER_DOCKER_BIN"] ?? "docker");

export type BareWorker = { url: string; stop(): Promise<void> };

export async function startBareWorker(options: {
  /** Below test/bench; holds wrangler.toml. */
  folder: string;
  vars?: (url: string) => Record<string, string>;
  containers?: boolean;
}): Promise<BareWorker> {
  const home = mkdtempSync(join(tmpdir(), "berth-bench-"));
  const port = await findFreePort();
  const url = `http://localhost:${port}`;
  const [envFile, logPath] = [join(home, "worker.env"), join(home, "wrangler.log")];
  writeWorkerEnv(envFile, options.vars?.(url) ?? {});
  // Part of the names of its containers, so that two runs at once do not end each other's.
  const name = `berth-bench-${options.folder}-${port}`;
  const config = join(import.meta.dirname, options.folder, "wrangler.toml");
  const wrangler = startManaged({
    role: "bare-worker",
    runFolder: home,
    mark: home,
    command: process.execPath,
    args: [
      join(REPOSITORY, "node_modules", "wrangler", "bin", "wrangler.js"),
      ...devArguments(config, name, port),
    ].concat(
      ["--persist-to", join(home, "state"), "--env-file", envFile],
      [`--enable-containers=${String(options.containers ?? false)}`],
    ),
    cwd: REPOSITORY,
    env: wranglerEnv(home),
    logPath,
  });
  async function stop(): Promise<void> {
    await wrangler.end(10_000);
    // Sidecars outlive the wrangler that started them.
    if (options.containers === true) await docker.removeSandboxes(name);
    rmSync(home, { recursive: true, force: true });
  }
  try {
    await waitUntilReady(url, () => wrangler.hasExited());
  } catch (error) {
    console.error(readLogTail(logPath, 30));
    await stop();
    throw error;
  }
  return { url, stop };
}

function devArguments(config: string, name: string, port: number): string[] {
  const address = ["--ip", "127.0.0.1", "--port", String(port), "--inspector-port", "0"];
  return ["dev", "--config", config, "--name", name, ...address, "--show-interactive-dev-session=false"];
}

function wranglerEnv(home: string): Record<string, string> {
  const handedOn = Object.entries(process.env).filter(([name]) => /^(?:DOCKER_|WRANGLER_|MINIFLARE_)/.test(name));
  return {
    ...cleanEnv(),
    ...(Object.fromEntries(handedOn) as Record<string, string>),
    TMPDIR: home,
    WRANGLER_LOG_PATH: join(home, "logs"),
    WRANGLER_REGISTRY_PATH: join(home, "registry"),
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_HIDE_BANNER: "true",
    WRANGLER_NO_SKILLS_UPDATE_PROMPTS: "true",
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
    X_LOCAL_EXPLORER: "false",
    X_LOCAL_OBSERVABILITY: "false",
    NO_COLOR: "1",
  };
}

async function waitUntilReady(url: string, hasExited: () => boolean): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  for (;;) {
    const answer = await fetch(`${url}/health`, { signal: AbortSignal.timeout(2_000) }).catch(() => null);
    await answer?.arrayBuffer();
    if (answer?.status === 200) return;
    if (hasExited() || Date.now() > deadline) throw new Error("The bare Worker did not start; its log stands above.");
    await sleep(100);
  }
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("The machine gave no port.");
  return address.port;
}
