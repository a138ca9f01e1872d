// What a repository's own settings may not set: who Claude Code talks to, and which programs it finds.
import { z } from "zod";
import { readSmallText } from "../workspaces/read-small-text.ts";

const MAX_SETTINGS_BYTES = 1024 * 1024;

const settingsSchema = z.object({ env: z.record(z.string(), z.unknown()).optional() });

const RESERVED =
  /^(?:ANTHROPIC_|CLAUDE|DISABLE_|AWS_|GOOGLE_|CLOUD_ML_|VERTEX|OTEL_|BERTH_|LD_|NODE_|SSL_|BASH_ENV$|ENV$|IFS$|PATH$|HOME$|SHELL$|IS_SANDBOX$|.*_PROXY$)/i;

/** Held from the start: Claude Code reads the settings again when they change, also in the middle of a turn. */
const ALWAYS_HELD = [
  "ANTHROPIC_BASE_URL",
  "ANTHROPIC_API_KEY",
  "ANTHROPIC_AUTH_TOKEN",
  "ANTHROPIC_CUSTOM_HEADERS",
  "CLAUDE_CODE_USE_BEDROCK",
  "CLAUDE_CODE_USE_VERTEX",
  "CLAUDE_CODE_USE_FOUNDRY",
  ...["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"].flatMap((name) => [name, name.toLowerCase()]),
];

/** Variables that take back what the repository's settings would change, as settings of a higher rank. */
export async function takeBackEnvironment(
  workspaceDir: string,
  environment: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const names = await readNames(workspaceDir);
  const held = new Set([...ALWAYS_HELD, ...names.filter((name) => RESERVED.test(name))]);
  return Object.fromEntries([...held].map((name) => [name, environment[name] ?? ""]));
}

async function readNames(workspaceDir: string): Promise<string[]> {
  const text = await readSmallText(workspaceDir, ".claude/settings.json", MAX_SETTINGS_BYTES);
  try {
    const settings = settingsSchema.safeParse(JSON.parse(text ?? "{}"));
    return settings.success ? Object.keys(settings.data.env ?? {}) : [];
  } catch {
    // None that Claude Code could read.
    return [];
  }
}
