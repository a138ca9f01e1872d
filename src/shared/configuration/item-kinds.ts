// All kinds of configuration items. A feature adds its kind here and says in materialise.ts what becomes of it.
import { z } from "zod";
import { modelPriceNameProblem, modelPriceSchema } from "../accounting/model-price-kind.ts";
import { budgetNameProblem, budgetSchema, widensBudget } from "../budgets/budget-kind.ts";
import { permissionPolicySchema } from "../permissions/policy-schema.ts";
import { agentNameProblem, agentProblem, widensAgent } from "../agents/agent-kind.ts";
import { agentSchema } from "../agents/agent-schema.ts";
import { commandNameProblem, commandProblem, widensCommand } from "../commands/command-kind.ts";
import { commandSchema } from "../commands/command-schema.ts";
import { skillNameProblem, skillProblem, widensSkill } from "../skills/skill-kind.ts";
import { skillSchema } from "../skills/skill-schema.ts";
import { hooksConfigSchema } from "../hooks/hook-schema.ts";
import { hooksProblem, widensHooks } from "../hooks/hooks-kind.ts";
import { defineKind, type Kind, onlyName } from "./define-kind.ts";
import { ceilingSchema, widensCeiling } from "./kinds/ceiling.ts";
import { mcpServerKind } from "./kinds/mcp-server.ts";
import { widensPolicy } from "./kinds/policy.ts";
import { repositorySchema, widensRepository } from "./kinds/repository.ts";
import { environmentProblem, environmentSchema, settingProblem, settingSchema, isSetting } from "./kinds/setting.ts";

/** CLAUDE.md of one scope. */
export const MAX_MEMORY_CHARACTERS = 100_000;

export const ITEM_KIND_NAMES = [
  "policy",
  "ceiling",
  "repository",
  "memory",
  "setting",
  "environment",
  "mcp_server",
  "hooks",
  "command",
  "skill",
  "agent",
  "budget",
  "model_price",
] as const;
export const itemKindSchema = z.enum(ITEM_KIND_NAMES);
export type ItemKind = z.infer<typeof itemKindSchema>;

export const ITEM_KINDS: Readonly<Record<ItemKind, Kind>> = {
  policy: defineKind({
    schema: permissionPolicySchema,
    nameProblem: onlyName("policy"),
    isWidening: widensPolicy,
  }),
  ceiling: defineKind({
    schema: ceilingSchema,
    scopes: ["team", "project"],
    nameProblem: onlyName("ceiling"),
    isWidening: widensCeiling,
  }),
  repository: defineKind({
    schema: repositorySchema,
    nameProblem: onlyName("repository"),
    isWidening: widensRepository,
  }),
  memory: defineKind({
    schema: z.string().max(MAX_MEMORY_CHARACTERS),
    nameProblem: onlyName("memory"),
    isWidening: () => false,
  }),
  hooks: defineKind({
    schema: hooksConfigSchema,
    nameProblem: onlyName("hooks"),
    changeProblem: hooksProblem,
    isWidening: widensHooks,
  }),
  command: defineKind({
    schema: commandSchema,
    nameProblem: commandNameProblem,
    changeProblem: commandProblem,
    isWidening: widensCommand,
  }),
  skill: defineKind({
    schema: skillSchema,
    nameProblem: skillNameProblem,
    changeProblem: skillProblem,
    isWidening: widensSkill,
  }),
  /** Names are unique in a team, so none of them takes another one's place. */
  agent: defineKind({
    schema: agentSchema,
    scopes: ["team", "user"],
    nameProblem: agentNameProblem,
    changeProblem: agentProblem,
    isWidening: widensAgent,
  }),
  setting: defineKind({
    schema: settingSchema,
    nameProblem: (name) => (isSetting(name) ? null : settingProblem(name, null)),
    valueProblem: settingProblem,
    isWidening: () => false,
  }),
  environment: defineKind({
    schema: environmentSchema,
    nameProblem: environmentProblem,
    // A variable may change what a program does that is approved.
    isWidening: (before, after) => after !== null && after !== before,
  }),
  mcp_server: mcpServerKind,
  budget: defineKind({
    schema: budgetSchema,
    scopes: ["team"],
    nameProblem: budgetNameProblem,
    isWidening: widensBudget,
  }),
  model_price: defineKind({
    schema: modelPriceSchema,
    scopes: ["team"],
    nameProblem: modelPriceNameProblem,
    // What a model costs decides how far a budget goes.
    isWidening: () => true,
  }),
};
