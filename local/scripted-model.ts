// Starts the built-in scripted model as a process of its own, for a stack without a model key.
import { join } from "node:path";
import { z } from "zod";
import { AppError } from "../src/shared/errors/app-error.ts";
import { cleanEnv } from "./clean-env.ts";
import type { HomePaths } from "./home.ts";
import { type ManagedProcess, startManaged } from "./processes/managed-process.ts";

const listeningSchema = z.object({ url: z.string(), port: z.int() });

export type ScriptedModelProcess = { url: string; port: number; process: ManagedProcess };

export async function startScriptedModelProcess(
  context: { repository: string; paths: HomePaths; homeId: string },
  port: number,
): Promise<ScriptedModelProcess> {
  const child = startManaged({
    role: "scripted-model",
    runFolder: context.paths.run,
    mark: `${context.homeId}/scripted-model`,
    command: process.execPath,
    args: [join(context.repository, "test", "support", "scripted-model", "main.ts"), String(port), "127.0.0.1"],
    cwd: context.repository,
    env: cleanEnv(),
    logPath: join(context.paths.logs, "scripted-model.log"),
    readsFirstLine: true,
  });
  const line = await child.firstLine;
  if (line === null) {
    await child.end(0);
    throw new AppError("internal", `The scripted model did not start; see ${context.paths.logs}/scripted-model.log.`);
  }
  return { ...listeningSchema.parse(JSON.parse(line)), process: child };
}
