// What the CLI is started with besides a turn's own options: settings, what counts of the repository, and the locks.
import type { McpServerConfig, Options, SettingSource } from "@anthropic-ai/claude-agent-sdk";
import type { SandboxConfiguration } from "../../shared/configuration/session-configuration.ts";
import { NOTHING_CONFIGURED } from "../../shared/configuration/materialise.ts";

/** `sha256` is empty for nothing configured. */
export type LaunchConfiguration = { sha256: string } & Omit<SandboxConfiguration, "files">;

export const NO_CONFIGURATION: LaunchConfiguration = { sha256: "", ...NOTHING_CONFIGURED.sandbox };

/**
 * Rules and hooks in settings files do not count, wherever they stand: the repository and Claude Code's user folder are
 * written by the agent. What people configure reaches the gate, and the hooks that the runner runs.
 */
const LOCKS = { allowManagedHooksOnly: true, allowManagedPermissionRulesOnly: true } as const;

/** Longer than any sandbox lives: the conversation's files are the session's, not Claude Code's to clean up. */
const CLEANUP_DAYS = 3650;

export function toConfigurationOptions(
  { settings, repository, forbidden, inline_shell }: LaunchConfiguration,
  own: {
    apiKeyHelper: string;
    environment: Record<string, string>;
    inlineShell: boolean;
    mcpServers: Record<string, McpServerConfig>;
  },
): Pick<
  Options,
  "settingSources" | "settings" | "managedSettings" | "strictMcpConfig" | "mcpServers" | "mcpServersDelivery"
> {
  const sources: SettingSource[] = repository.instructions ? ["user", "project"] : ["user"];
  const { env, ...rest } = settings;
  return {
    settingSources: sources,
    settings: {
      ...rest,
      env: { ...(env as Record<string, string> | undefined), ...own.environment },
      cleanupPeriodDays: CLEANUP_DAYS,
      // Planning asks a person, not a classifier that the gateway does not offer.
      useAutoModeDuringPlan: false,
      apiKeyHelper: own.apiKeyHelper,
    },
    managedSettings: {
      ...LOCKS,
      permissions: { deny: forbidden },
      // Claude Code runs it without asking the gate.
      disableSkillShellExecution: !inline_shell || !own.inlineShell,
    },
    strictMcpConfig: true,
    mcpServers: own.mcpServers,
    // Not on the command line, which others in the sandbox can read.
    mcpServersDelivery: "initialize",
  };
}
