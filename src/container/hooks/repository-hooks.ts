// The hooks of a repository's own `.claude/settings.json`, where a person let them count. The agent may have written them:
// they are held to what configured hooks are held to, and like those they can refuse and never permit.
import { z } from "zod";
import { judgeHook } from "../../shared/hooks/hook-danger.ts";
import { HOOK_EVENT_NAMES, type HookEventName } from "../../shared/hooks/hook-events.ts";
import {
  type Hook,
  type HookGroup,
  hookGroupSchema,
  type HooksConfig,
  hooksConfigSchema,
} from "../../shared/hooks/hook-schema.ts";
import { readSmallText } from "../workspaces/read-small-text.ts";

const MAX_SETTINGS_BYTES = 256 * 1024;
const settingsSchema = z.object({ hooks: z.record(z.string(), z.unknown()).optional() });

/** What nobody understands is left out, hook by hook. */
export async function readRepositoryHooks(workspaceDir: string): Promise<HooksConfig> {
  const settings = settingsSchema.safeParse(await readSettings(workspaceDir));
  if (!settings.success) return {};
  const entries = HOOK_EVENT_NAMES.map((event): [HookEventName, HookGroup[]] => [
    event,
    readGroups(settings.data.hooks?.[event]).filter((group) => fits(event, group)),
  ]);
  const hooks = Object.fromEntries(entries.filter(([, groups]) => groups.length > 0));
  const parsed = hooksConfigSchema.safeParse(hooks);
  return parsed.success ? parsed.data : {};
}

function fits(event: HookEventName, group: HookGroup): boolean {
  return hooksConfigSchema.safeParse({ [event]: [group] }).success;
}

function readGroups(value: unknown): HookGroup[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((group: unknown) => {
    const parsed = z.object({ matcher: z.string().optional(), hooks: z.array(z.unknown()) }).safeParse(group);
    if (!parsed.success) return [];
    const { matcher, hooks: written } = parsed.data;
    const hooks = written.flatMap((hook) => readHook(matcher, hook));
    return hooks.length === 0 ? [] : [{ ...(matcher !== undefined && { matcher }), hooks }];
  });
}

function readHook(matcher: string | undefined, hook: unknown): Hook[] {
  const parsed = hookGroupSchema.safeParse({ matcher, hooks: [hook] });
  const [read] = parsed.success ? parsed.data.hooks : [];
  return read === undefined || judgeHook(read).refused.length > 0 ? [] : [read];
}

async function readSettings(workspaceDir: string): Promise<unknown> {
  const text = await readSmallText(workspaceDir, ".claude/settings.json", MAX_SETTINGS_BYTES);
  try {
    return text === null ? null : JSON.parse(text);
  } catch {
    // None that Claude Code could read.
    return null;
  }
}
