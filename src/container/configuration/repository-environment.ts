// What a repository's own settings may not set: who Claude Code talks to, and which programs it finds.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

const settingsSchema = z.object({ env: z.record(z.string(), z.unknown()).optional() });

const RESERVED =
  /^(?:ANTHROPIC_|CLAUDE|DISABLE_|AWS_|GOOGLE_|CLOUD_ML_|VERTEX|OTEL_|BERTH_|LD_|NODE_|SSL_|BASH_ENV$|ENV$|IFS$|PATH$|HOME$|SHELL$|IS_SANDBOX$|.*_PROXY$)/i;

/** Variables that take back what the repository's settings would change, as settings of a higher rank. */
export async function takeBackEnvironment(
  workspaceDir: string,
  environment: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const names = await readNames(join(workspaceDir, ".claude", "settings.json"));
  return Object.fromEntries(names.filter((name) => RESERVED.test(name)).map((name) => [name, environment[name] ?? ""]));
}

async function readNames(path: string): Promise<string[]> {
  try {
    const settings = settingsSchema.safeParse(JSON.parse(await readFile(path, "utf8")));
    return settings.success ? Object.keys(settings.data.env ?? {}) : [];
  } catch {
    // None, or none that Claude Code could read.
    return [];
  }
}
