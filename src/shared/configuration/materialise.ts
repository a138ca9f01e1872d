// Turns merged items into what Claude Code understands: settings and files; and into what the gate decides by.
import { z } from "zod";
import { agentFile } from "../agents/agent-kind.ts";
import type { Agent } from "../agents/agent-schema.ts";
import { modelPriceSchema } from "../accounting/model-price-kind.ts";
import { materialiseServers } from "../mcp-servers/sandbox-server.ts";
import { commandFile } from "../commands/command-kind.ts";
import type { Command } from "../commands/command-schema.ts";
import { skillFiles } from "../skills/skill-kind.ts";
import type { Skill } from "../skills/skill-schema.ts";
import type { HooksConfig } from "../hooks/hook-schema.ts";
import { addHooks, listHookUrls } from "../hooks/hooks-kind.ts";
import { permissionPolicySchema, type ScopedPolicy } from "../permissions/policy-schema.ts";
import { isToolAllowed } from "../permissions/tool-allow-list.ts";
import { ceilingSchema, combineCeilings } from "./kinds/ceiling.ts";
import { combineRepository, NOTHING_OF_REPOSITORY, type Repository, repositorySchema } from "./kinds/repository.ts";
import type { ItemKind } from "./item-kinds.ts";
import type { MergedConfiguration, MergedItem } from "./merge.ts";
import type {
  ConfigurationFile,
  GateConfiguration,
  SandboxConfiguration,
  SessionConfiguration,
} from "./session-configuration.ts";

/** Merging has parsed every value: what it could not parse does not count. */
export function materialise(merged: MergedConfiguration): SessionConfiguration {
  const of = (kind: ItemKind): MergedItem[] => merged.items.filter((item) => item.kind === kind);
  const hooks = addHooks(of("hooks").map(({ value }) => value as HooksConfig));
  const gate: GateConfiguration = {
    policies: [...unreadablePolicies(merged), ...of("policy").map(toPolicy)],
    hook_urls: listHookUrls(hooks),
    ceiling: combineCeilings(of("ceiling").map(({ value }) => ceilingSchema.parse(value))),
    approvals: approvalsOf(of("command"), of("skill")),
    model_prices: Object.fromEntries(of("model_price").map(({ name, value }) => [name, modelPriceSchema.parse(value)])),
  };
  return {
    sandbox: {
      ...locksOf(gate),
      settings: settingsOf(of("setting"), of("environment")),
      files: [
        ...memoryFile(of("memory")),
        ...of("command").map(({ name, value }) => commandFile(name, value as Command)),
        ...of("skill").flatMap(({ name, value }) => skillFiles(name, value as Skill)),
        ...of("agent").map(({ name, value }) => agentFile(name, value as Agent)),
      ],
      hooks,
      repository: repositoryOf(merged, of("repository")),
      ...materialiseServers(of("mcp_server")),
    },
    gate,
  };
}

/** What must hold also where Claude Code asks no gate. */
function locksOf({ policies, ceiling }: GateConfiguration): Pick<SandboxConfiguration, "forbidden" | "inline_shell"> {
  const wantsConsent = policies.some(({ policy }) => policy.user_consent.length > 0);
  const mayRunBash = ceiling.allowed_tools.every((names) => isToolAllowed(names, "Bash"));
  return {
    forbidden: [...new Set(policies.flatMap(({ policy }) => policy.forbidden))],
    inline_shell: !wantsConsent && mayRunBash,
  };
}

function toPolicy({ scope, value }: MergedItem): ScopedPolicy {
  return { scope, policy: permissionPolicySchema.parse(value) };
}

/** Rules and hooks that cannot be read may forbid anything: nothing runs until somebody has looked. */
function unreadablePolicies({ unreadable }: MergedConfiguration): ScopedPolicy[] {
  return unreadable
    .filter(({ kind }) => kind === "policy" || kind === "ceiling" || kind === "hooks")
    .map(({ scope }) => ({ scope, policy: { auto_approved: [], user_consent: [], forbidden: ["*"] } }));
}

/** A choice that cannot be read may have been against all of it. */
function repositoryOf({ unreadable }: MergedConfiguration, choices: readonly MergedItem[]): Repository {
  if (unreadable.some(({ kind }) => kind === "repository")) return NOTHING_OF_REPOSITORY;
  return combineRepository(choices.map(({ value }) => repositorySchema.parse(value)));
}

const approvingSchema = z.object({ allowed_tools: z.array(z.string()) });

/**
 * What commands and skills let run without a question while they are used. Under a name that both have, it is Claude
 * Code's to say which of them is used.
 */
function approvalsOf(commands: readonly MergedItem[], skills: readonly MergedItem[]): GateConfiguration["approvals"] {
  const isIn = (others: readonly MergedItem[], name: string): boolean => others.some((other) => other.name === name);
  const one = [
    ...commands.filter(({ name }) => !isIn(skills, name)),
    ...skills.filter(({ name }) => !isIn(commands, name)),
  ];
  const approving = one.map(({ name, scope, value }) => {
    return [name, { scope, rules: approvingSchema.parse(value).allowed_tools }] as const;
  });
  return Object.fromEntries(approving.filter(([, { rules }]) => rules.length > 0));
}

/** A session of which nothing was ever configured. */
export const NOTHING_CONFIGURED: SessionConfiguration = materialise({ items: [], unreadable: [] });

function settingsOf(settings: readonly MergedItem[], variables: readonly MergedItem[]): Record<string, unknown> {
  const env = Object.fromEntries(variables.map(({ name, value }) => [name, value]));
  return {
    ...Object.fromEntries(settings.map(({ name, value }) => [name, value])),
    ...(variables.length === 0 ? {} : { env }),
  };
}

const HEADINGS = { team: "Team", user: "Person", project: "Project", session: "Session" } as const;

/** All scopes' texts, wide to narrow: what comes later has the last word with Claude as well. */
function memoryFile(memories: readonly MergedItem[]): ConfigurationFile[] {
  const texts = memories.map(({ scope, value }) => `<!-- ${HEADINGS[scope]} -->\n${z.string().parse(value).trim()}\n`);
  return texts.length === 0 ? [] : [textFile("CLAUDE.md", texts.join("\n"))];
}

export function textFile(path: string, content: string): ConfigurationFile {
  return { path, content, encoding: "utf8", executable: false };
}
