// Builds the runner's parts, serves, and stops in good order.
import { createCheckpointJobs } from "./checkpoints/checkpoint-jobs.ts";
import { createCheckpointEngine } from "./checkpoints/engine/engine.ts";
import { readConfig } from "./config.ts";
import { logFailure } from "./log.ts";
import { newId } from "./new-id.ts";
import { startServer } from "./rpc/server.ts";
import { createSessionRegistry } from "./sessions/session-registry.ts";
import type { ClaudePackage } from "./workspaces/claude-binary.ts";
import { prepareWorkspace } from "./workspaces/workspace.ts";

const FLUSH_MS = 5_000;

/** Resolves once the runner listens; it ends the process when it is told to stop. */
export async function runRunner(env: Record<string, string | undefined>, claude: ClaudePackage): Promise<void> {
  const config = readConfig(env);
  const runtimeId = newId();
  const workspaceState = prepareWorkspace(config);
  const engine = createCheckpointEngine(config);
  // What a tool changes is kept when its turn ends: by then the engine is there.
  const onToolCall = () => engine.warmUp();
  const sessions = createSessionRegistry({ config, runtimeId, binaryPath: claude.binaryPath, onToolCall });
  const checkpoints = createCheckpointJobs(engine, config.workspaceDir);
  let isStopping = false;
  const shutdown = async (): Promise<void> => {
    if (isStopping) return;
    isStopping = true;
    await sessions.shutdown(FLUSH_MS);
    engine.stop();
    await server.close();
    process.exit(0);
  };
  const server = await startServer({ config, claude, checkpoints, runtimeId, workspaceState, sessions, shutdown });
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => void shutdown());
  outliveOthers();
  process.stdout.write(`${JSON.stringify({ listening: server.port, runtime_id: runtimeId })}\n`);
}

function outliveOthers(): void {
  // Whoever started the runner may be gone, and its pipes with it: the runner lives on.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  process.on("SIGHUP", () => {});
  // Warnings of packages are texts of others: the log holds none.
  process.removeAllListeners("warning");
  // A failure in one session must not take the others with it; the gate answers `deny` by itself.
  process.on("unhandledRejection", (error) => void logFailure("unhandled_rejection", error));
  process.on("uncaughtException", (error) => void logFailure("uncaught_exception", error));
}
