// One live CLI: the Agent SDK's query over one process, fed prompt after prompt.
import {
  type HookCallback,
  type McpServerConfig,
  type Options,
  type Query,
  query,
  type SDKMessage,
} from "@anthropic-ai/claude-agent-sdk";
import { setTimeout as sleep } from "node:timers/promises";
import type { PermissionMode } from "../../shared/permissions/permission-mode.ts";
import type { PromptContent } from "../attachments/prompt-files.ts";
import { type TaskOutput, taskOutputSchema } from "../../shared/tasks/schema.ts";
import { type LaunchConfiguration, toConfigurationOptions } from "../configuration/launch-configuration.ts";
import type { SendHook } from "../hooks/run-http-hook.ts";
import { createSessionHooks, type SessionHooks } from "../hooks/session-hooks.ts";
import type { HooksConfig } from "../../shared/hooks/hook-schema.ts";
import { addHooks } from "../../shared/hooks/hooks-kind.ts";
import type { HookResult } from "../../shared/hooks/hook-result.ts";
import { logFailure } from "../log.ts";
import { HOOK_TIMEOUT_SECONDS, type PermissionGate } from "../permissions/permission-gate.ts";
import { type CliChild, type CliExit, type SpawnSettings, spawnCli } from "../processes/spawn-cli.ts";
import type { Beginning } from "../transcripts/conversation.ts";
import { createPromptFeed, type PromptPriority } from "./prompt-feed.ts";

const EXIT_GRACE_MS = 2_000;

/** What cannot be changed while the process lives. */
export type FixedOptions = {
  claudeSessionId: string;
  /** The conversation that this one begins as a copy of. */
  forkedFrom: string | null;
  maxTurns: number | null;
  maxBudgetUsd: number | null;
  allowBypass: boolean;
  /** The JSON Schema that answers are held to, as JSON. */
  outputSchema: string | null;
  configuration: LaunchConfiguration;
  /** False where the turn may not run shell commands. */
  inlineShell: boolean;
};
export type LiveOptions = { model: string | null; permissionMode: PermissionMode };

export type CliLaunch = {
  fixed: FixedOptions;
  live: LiveOptions;
  beginning: Beginning;
  /** Variables that the repository's settings do not get to set. */
  takenBack: Record<string, string>;
  mcpServers: Record<string, McpServerConfig>;
  /** Those of the repository, where they count. */
  repositoryHooks: HooksConfig;
  cwd: string;
  environment: Record<string, string>;
  binaryPath: string;
  apiKeyHelper: string;
  gate: PermissionGate;
  hooks: { record: (result: HookResult) => void; send: SendHook; afterTool: HookCallback };
  spawn: SpawnSettings;
};

export type Cli = {
  readonly fixed: FixedOptions;
  readonly pid: number | null;
  /** True once a prompt was fed. */
  isUsed(): boolean;
  /** `later`: after what runs. `next`: into what runs. */
  push(prompt: PromptContent, uuid: string, priority: PromptPriority): void;
  interrupt(): Promise<void>;
  stopTask(taskId: string): Promise<void>;
  /** The end of what a background command wrote; null when the CLI has nothing of it. */
  readTaskOutput(taskId: string): Promise<TaskOutput | null>;
  /** Throws when the CLI does not take them over. */
  applyLive(live: LiveOptions): Promise<void>;
  /** Ends the process and waits until it is gone. */
  end(): Promise<void>;
  kill(): void;
};

export type CliHandlers = {
  onMessage(cli: Cli, message: SDKMessage): void;
  /** `onMessage` threw; the next message comes all the same. */
  onMessageLost(cli: Cli, error: unknown): void;
  onExit(cli: Cli, exit: CliExit): void;
};

export function launchCli(launch: CliLaunch, handlers: CliHandlers): Cli {
  const feed = createPromptFeed();
  const done = Promise.withResolvers<void>();
  let child: CliChild | null = null;
  let live = launch.live;
  let isUsed = false;
  const hooks = createHooks(launch);
  const running: Query = query({
    prompt: feed.messages,
    options: toOptions(launch, hooks, (options) => (child = spawnCli(options, launch.spawn)).process),
  });

  async function pump(): Promise<void> {
    try {
      for await (const message of running) take(message);
    } catch {
      // The SDK's own words about an exit say nothing that the exit itself does not.
    }
    handlers.onExit(cli, await awaitExit(child));
    hooks.onExit();
    done.resolve();
  }

  function take(message: SDKMessage): void {
    try {
      handlers.onMessage(cli, message);
    } catch (error) {
      logFailure("message_lost", error);
      handlers.onMessageLost(cli, error);
    }
  }

  async function applyLive(next: LiveOptions): Promise<void> {
    if (next.model !== live.model) await running.setModel(next.model ?? undefined);
    // Always: Claude changes it by itself when it enters plan mode, and would stay there.
    await running.setPermissionMode(next.permissionMode);
    live = next;
  }

  async function end(): Promise<void> {
    feed.end();
    const isDone = await Promise.race([done.promise.then(() => true), sleep(EXIT_GRACE_MS, false, { ref: false })]);
    if (!isDone) child?.killGroup();
    await done.promise;
  }

  const cli: Cli = {
    fixed: launch.fixed,
    get pid() {
      return child?.pid ?? null;
    },
    isUsed: () => isUsed,
    push(prompt, uuid, priority) {
      isUsed = true;
      feed.push(prompt, uuid, priority);
    },
    stopTask: (taskId) => running.stopTask(taskId),
    readTaskOutput: (taskId) => readTaskOutput(running, taskId),
    interrupt: async () => void (await running.interrupt()),
    applyLive,
    end,
    kill: () => child?.killGroup(),
  };
  void pump();
  return cli;
}

/** The SDK offers it without declaring it. */
type OutputReader = { getTaskOutput?: (taskId: string) => Promise<unknown> };

async function readTaskOutput(running: Query & OutputReader, taskId: string): Promise<TaskOutput | null> {
  const output = await running.getTaskOutput?.(taskId).catch(() => null);
  const parsed = taskOutputSchema.safeParse(output);
  return parsed.success ? parsed.data : null;
}

/** The process may outlive its output by a moment; one that stays is killed. */
async function awaitExit(child: CliChild | null): Promise<CliExit> {
  if (child === null) return { started: false, exitCode: null, signal: null, stderrTail: null };
  const timer = setTimeout(() => child.killGroup(), EXIT_GRACE_MS);
  const exit = await child.exited;
  clearTimeout(timer);
  return exit;
}

function createHooks(launch: CliLaunch): SessionHooks {
  const { fixed, beginning, gate, cwd, environment, hooks, spawn, repositoryHooks } = launch;
  return createSessionHooks({
    hooks: addHooks([fixed.configuration.hooks, repositoryHooks]),
    place: { projectDir: cwd, environment, send: hooks.send, ...spawn },
    record: hooks.record,
    source: beginning.kind === "new" ? "startup" : "resume",
    gate: gate.preToolUse,
    afterTool: hooks.afterTool,
    gateTimeoutSeconds: HOOK_TIMEOUT_SECONDS,
  });
}

function toOptions(
  launch: CliLaunch,
  hooks: SessionHooks,
  spawn: NonNullable<Options["spawnClaudeCodeProcess"]>,
): Options {
  const { fixed, live, gate } = launch;
  return {
    cwd: launch.cwd,
    env: launch.environment,
    pathToClaudeCodeExecutable: launch.binaryPath,
    spawnClaudeCodeProcess: spawn,
    includePartialMessages: true,
    // Claude Code's own, which the SDK leaves out by itself: an agent that the session runs as puts its prompt in its place.
    systemPrompt: { type: "preset", preset: "claude_code" },
    ...toConfigurationOptions(fixed.configuration, {
      apiKeyHelper: launch.apiKeyHelper,
      environment: launch.takenBack,
      mcpServers: launch.mcpServers,
      inlineShell: fixed.inlineShell,
    }),
    permissionMode: live.permissionMode,
    allowDangerouslySkipPermissions: fixed.allowBypass,
    canUseTool: gate.canUseTool,
    onElicitation: gate.onElicitation,
    hooks: hooks.callbacks,
    ...toConversationOptions(launch),
    ...(live.model === null ? {} : { model: live.model }),
    ...toOutputFormat(fixed.outputSchema),
    ...(fixed.maxTurns === null ? {} : { maxTurns: fixed.maxTurns }),
    ...(fixed.maxBudgetUsd === null ? {} : { maxBudgetUsd: fixed.maxBudgetUsd }),
  };
}

function toOutputFormat(outputSchema: string | null): Pick<Options, "outputFormat"> {
  if (outputSchema === null) return {};
  // Claude Code knows one dialect, and stops at the name of another one.
  const { $schema: _, ...schema } = JSON.parse(outputSchema) as Record<string, unknown>;
  return { outputFormat: { type: "json_schema", schema } };
}

function toConversationOptions({ beginning, fixed }: CliLaunch): Options {
  switch (beginning.kind) {
    case "new":
      return { sessionId: fixed.claudeSessionId };
    case "resume":
      return { resume: fixed.claudeSessionId };
    case "fork":
      return { resume: beginning.from, forkSession: true, sessionId: fixed.claudeSessionId };
  }
}
