// Claude Code's own settings that may be kept here: those that change how it works, none that change what it may do.
import { z } from "zod";

const textSchema = z.string().max(1000);

/** By Claude Code's names. What decides over permissions, hooks, servers or keys has a kind of its own or no place here. */
export const SETTINGS: Readonly<Record<string, z.ZodType>> = {
  alwaysThinkingEnabled: z.boolean(),
  attribution: z.strictObject({ commit: textSchema.optional(), pr: textSchema.optional() }),
  bashOutputMaxChars: z.int().min(4000).max(128_000),
  effortLevel: z.enum(["low", "medium", "high", "xhigh"]),
  includeCoAuthoredBy: z.boolean(),
  includeGitInstructions: z.boolean(),
  language: z.string().max(64),
  outputStyle: z.string().max(128),
  respectGitignore: z.boolean(),
};

export const settingSchema = z.json();

/** `constructor` and the like, which every object has, are none. */
export function isSetting(name: string): boolean {
  return Object.hasOwn(SETTINGS, name);
}

/** What is wrong with it; null for nothing. */
export function settingProblem(name: string, value: unknown): string | null {
  const schema = isSetting(name) ? SETTINGS[name] : undefined;
  if (schema === undefined) return `There is no setting ${name} here. Choose from ${Object.keys(SETTINGS).join(", ")}.`;
  return schema.safeParse(value).success ? null : `The setting ${name} does not take this value.`;
}

/** Names that would change who answers Claude Code, what it is told about itself, or which programs it finds. */
const RESERVED =
  /^(ANTHROPIC_|CLAUDE|AWS_|GOOGLE_|VERTEX|BERTH_|LD_|DYLD_|NODE_OPTIONS$|PATH$|HOME$|SHELL$|BASH_ENV$|ENV$|IFS$)/;

export const environmentSchema = z.string().max(8192);

export function environmentProblem(name: string): string | null {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name)) return "A variable's name has letters, digits and _ alone.";
  return RESERVED.test(name) ? `The variable ${name} is set by Berth or by Claude Code and cannot be set here.` : null;
}
