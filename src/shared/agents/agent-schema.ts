// An agent as it is kept: everything that shapes a run of it. A version is one of these.
import { z } from "zod";
import { hooksConfigSchema } from "../hooks/hook-schema.ts";
import { uuidSchema } from "../ids.ts";
import { serverNameSchema } from "../mcp-servers/server-schema.ts";
import { permissionPolicySchema } from "../permissions/policy-schema.ts";
import { toolNameSchema } from "../permissions/tool-allow-list.ts";
import { modelNameSchema } from "../sessions/schema.ts";
import { skillNameSchema } from "../skills/skill-schema.ts";

export const MAX_SYSTEM_PROMPT_CHARS = 100_000;
const MAX_NAMES = 100;

/** As Claude Code takes them; also the name of a file. */
export const agentNameSchema = z
  .string()
  .max(64)
  .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, "must be of a-z and 0-9, with single hyphens between, such as code-reviewer");

const text = (max: number) =>
  z
    .string()
    .max(max)
    .refine((value) => value.trim() !== "", "must not be empty")
    .refine((value) => !value.includes("\u0000"), "must not hold a NUL character");

/** What a person or a model says of an agent. */
export const agentFieldsSchema = z.strictObject({
  /** When to use it: Claude chooses sub-agents by this. */
  description: text(4_000),
  category: z.string().trim().min(1).max(64).nullable(),
  system_prompt: text(MAX_SYSTEM_PROMPT_CHARS),
  /** Offered as the task where none is given. */
  default_task: text(20_000).nullable(),
  model: modelNameSchema.nullable(),
  /** The tools that it has; null for all. */
  tools: z.array(toolNameSchema).max(MAX_NAMES).nullable(),
  /** Counts beside the rules of all scopes. */
  policy: permissionPolicySchema,
  hooks: hooksConfigSchema,
  /** Of the servers that its sessions have; null for all. */
  mcp_servers: z.array(serverNameSchema).max(MAX_NAMES).nullable(),
  /** Loaded from its first request on. */
  skills: z.array(skillNameSchema).max(MAX_NAMES),
  /** US dollars for each turn of its sessions that brings no budget of its own. */
  default_budget_usd: z.number().positive().max(10_000).nullable(),
});
export type AgentFields = z.infer<typeof agentFieldsSchema>;

export const agentSchema = agentFieldsSchema.extend({
  agent_id: uuidSchema,
  /** Where it was imported from. */
  source_url: z.string().max(2_048).nullable(),
  /** The commit that was read there. */
  source_commit: z
    .string()
    .regex(/^[0-9a-f]{40}$/)
    .nullable(),
});
export type Agent = z.infer<typeof agentSchema>;

/** A version as an execution keeps it: what becomes of the agent later changes nothing of it. */
export const pinnedAgentSchema = z.object({
  name: agentNameSchema,
  version: z.int().positive(),
  agent: agentSchema,
});
export type PinnedAgent = z.infer<typeof pinnedAgentSchema>;
