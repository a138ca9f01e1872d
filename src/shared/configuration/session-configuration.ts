// What a session is started with: made of the items of all its scopes, hashed, and handed to the runner when it changed.
import { z } from "zod";
import { modelPriceSchema } from "../accounting/model-price-kind.ts";
import { jsonBytes } from "../events/shorten.ts";
import { sandboxServersSchema } from "../mcp-servers/sandbox-server.ts";
import { mergedHooksSchema } from "../hooks/hook-schema.ts";
import { permissionModeSchema } from "../permissions/permission-mode.ts";
import { policyScopeSchema, scopedPolicySchema } from "../permissions/policy-schema.ts";

/** What the runner is handed, as JSON in UTF-8. */
const MAX_CONFIGURATION_BYTES = 8 * 1024 * 1024;
const MAX_CONFIGURATION_FILES = 5_000;
/** What the Session object decides by: a row of its storage ends at 2 MB. */
const MAX_GATE_BYTES = 1024 * 1024;

/** The limits in words. */
export const CONFIGURATION_LIMITS = "8 MB, 5,000 files and 1 MB of rules";

/** Files in Claude Code's user folder, by a path below it; text, or base64 where it is none. */
export const configurationFileSchema = z.object({
  path: z
    .string()
    .max(400)
    .refine(isPlainPath, "must be a path below the folder, without . or .. and of 8 parts at most"),
  content: z.string(),
  encoding: z.enum(["utf8", "base64"]),
  executable: z.boolean(),
});
export type ConfigurationFile = z.infer<typeof configurationFileSchema>;

/** What the runner lays out and hands to Claude Code. */
export const sandboxConfigurationSchema = z.object({
  /** Claude Code's settings, by its own names. */
  settings: z.record(z.string(), z.unknown()),
  files: z.array(configurationFileSchema).max(MAX_CONFIGURATION_FILES),
  /** What the gate refuses, for Claude Code too: it asks no gate for `@file` and for commands' inline shell. */
  forbidden: z.array(z.string()),
  /** False where the gate would have to be asked about a command's inline shell. */
  inline_shell: z.boolean(),
  /** Run by the runner. */
  hooks: mergedHooksSchema,
  repository: z.object({ instructions: z.boolean(), hooks: z.boolean(), mcp_servers: z.boolean() }),
  /** By name; absent for none. */
  mcp_servers: sandboxServersSchema.optional(),
  /** Names that are switched off, for the repository's own servers as well; absent for none. */
  mcp_servers_off: z.array(z.string()).optional(),
});
export type SandboxConfiguration = z.infer<typeof sandboxConfigurationSchema>;

/** What the Session object decides by; it stays there. */
export const gateConfigurationSchema = z.object({
  policies: z.array(scopedPolicySchema),
  /** Where the session's HTTP hooks go. */
  hook_urls: z.array(z.string()).default([]),
  ceiling: z.object({ permission_mode: permissionModeSchema, allowed_tools: z.array(z.array(z.string())) }),
  /** Rules by the name of a command or skill: they run without a question in a turn that uses it. */
  approvals: z.record(z.string(), z.object({ scope: policyScopeSchema, rules: z.array(z.string()) })).default({}),
  /** The team's own prices, by model. */
  model_prices: z.record(z.string(), modelPriceSchema).default({}),
});
export type GateConfiguration = z.infer<typeof gateConfigurationSchema>;

export type SessionConfiguration = { sandbox: SandboxConfiguration; gate: GateConfiguration };

/** Whether it can be kept, handed over and read back. What cannot is never stored: nobody could begin a turn with it. */
export function fitsSession({ sandbox, gate }: SessionConfiguration): boolean {
  return (
    jsonBytes(sandbox) <= MAX_CONFIGURATION_BYTES &&
    jsonBytes(gate) <= MAX_GATE_BYTES &&
    sandboxConfigurationSchema.safeParse(sandbox).success &&
    gateConfigurationSchema.safeParse(gate).success
  );
}

function isPlainPath(path: string): boolean {
  const parts = path.split("/");
  return (
    parts.length <= 8 && !path.includes("\0") && parts.every((part) => part !== "" && part !== "." && part !== "..")
  );
}
