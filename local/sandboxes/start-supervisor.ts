// Starts the sandbox supervisor's process, on a port that stays the same when it has to be started again.
import { join } from "node:path";
import { z } from "zod";
import { AppError } from "../../src/shared/errors/app-error.ts";
import { cleanEnv } from "../clean-env.ts";
import type { HomePaths } from "../home.ts";
import { type ManagedProcess, startManaged } from "../processes/managed-process.ts";

const listeningSchema = z.object({ listening: z.int() });

export type SupervisorContext = {
  repository: string;
  home: string;
  paths: HomePaths;
  homeId: string;
  variation: { runnerEntry?: string };
};

export async function startSandboxSupervisor(
  context: SupervisorContext,
  port: number,
): Promise<{ port: number; process: ManagedProcess }> {
  const { runnerEntry } = context.variation;
  const child = startManaged({
    role: "sandbox-supervisor",
    runFolder: context.paths.run,
    mark: `${context.homeId}/sandbox-supervisor`,
    command: process.execPath,
    args: [join(context.repository, "local", "sandboxes", "main.ts"), context.home, String(port)],
    cwd: context.repository,
    env: { ...cleanEnv(), ...(runnerEntry === undefined ? {} : { BERTH_RUNNER_ENTRY: runnerEntry }) },
    logPath: join(context.paths.logs, "sandbox-supervisor.log"),
    readsFirstLine: true,
  });
  const line = await child.firstLine;
  if (line !== null) return { port: listeningSchema.parse(JSON.parse(line)).listening, process: child };
  await child.end(0);
  throw new AppError(
    "internal",
    `The sandbox supervisor did not start; see ${context.paths.logs}/sandbox-supervisor.log.`,
  );
}
