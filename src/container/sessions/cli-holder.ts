// The session's CLI process: started when a turn needs one, kept while its options fit, replaced when they do not.
import type { LiveOptions as WireLiveOptions, TurnStart } from "../../shared/rpc/runner-session-api.ts";
import { decideCli } from "../../shared/sleeping/sleep-policy.ts";
import type { LaunchConfiguration } from "../configuration/launch-configuration.ts";
import { takeBackEnvironment } from "../configuration/repository-environment.ts";
import { readRepositoryHooks } from "../hooks/repository-hooks.ts";
import { type Cli, type CliHandlers, type CliLaunch, type FixedOptions, launchCli, type LiveOptions } from "./cli.ts";
import { type Beginning, chooseBeginning } from "../transcripts/conversation.ts";
import { NOTHING_SAVED, readSavedTotals, type SavedTotals } from "../transcripts/saved-totals.ts";

export type CliHolderParts = {
  configDir: string;
  launch: Omit<CliLaunch, "fixed" | "live" | "beginning" | "takenBack" | "mcpServers" | "repositoryHooks">;
  /** The MCP servers of a CLI that starts. */
  servers(configuration: LaunchConfiguration): Promise<CliLaunch["mcpServers"]>;
  /** Lays the turn's configuration out, where it is not yet. */
  configure(turn: TurnStart): Promise<LaunchConfiguration>;
  handlers: CliHandlers;
  /** `totals`: from where the CLI counts on. */
  onStarted: (cli: Cli, start: { resumed: boolean; totals: SavedTotals }) => void;
  /** Something would be lost with the process. */
  isBusy: () => boolean;
  /** A CLI that no prompt came to for this long is ended; the next one resumes the conversation. */
  idleMs: number;
};

export type CliHolder = {
  current(): Cli | null;
  permissionMode(): LiveOptions["permissionMode"];
  /** A live CLI with the turn's options. */
  ensure(turn: TurnStart): Promise<Cli>;
  /** False when no CLI is live. */
  applyLive(live: WireLiveOptions): Promise<{ applied: boolean }>;
  /** A turn has ended: from here on it counts how long no prompt comes. */
  turnEnded(): void;
  end(): Promise<void>;
};

export function createCliHolder(parts: CliHolderParts): CliHolder {
  let current: Cli | null = null;
  let permissionMode: LiveOptions["permissionMode"] = "default";
  let idleTimer: NodeJS.Timeout | undefined;
  let usedAtMs = 0;

  const handlers: CliHandlers = {
    ...parts.handlers,
    onExit(cli, exit) {
      if (current === cli) current = null;
      parts.handlers.onExit(cli, exit);
    },
  };

  async function launch(fixed: FixedOptions, live: LiveOptions): Promise<Cli> {
    const found = await findForLaunch(parts, fixed);
    const totals = await totalsBefore(parts.configDir, found.beginning, fixed);
    const cli = launchCli({ ...parts.launch, fixed, live, ...found }, handlers);
    current = cli;
    lookAfterIdle();
    parts.onStarted(cli, { resumed: found.beginning.kind !== "new", totals });
    return cli;
  }

  async function ensure(turn: TurnStart): Promise<Cli> {
    const fixed = toFixedOptions(turn, await parts.configure(turn));
    const live = { model: turn.model, permissionMode: turn.permission_mode };
    used();
    permissionMode = live.permissionMode;
    if (current !== null && (await keepsServing(current, fixed, live))) return current;
    await current?.end();
    return launch(fixed, live);
  }

  function used(): void {
    usedAtMs = Date.now();
    lookAfterIdle();
  }

  function lookAfterIdle(): void {
    clearTimeout(idleTimer);
    if (current === null) return;
    const decision = decideCli({ busy: parts.isBusy(), usedAtMs, nowMs: Date.now(), idleMs: parts.idleMs });
    if (decision.step === "end") return void current.end();
    idleTimer = setTimeout(lookAfterIdle, decision.inMs).unref();
  }

  return {
    current: () => current,
    permissionMode: () => permissionMode,
    ensure,
    turnEnded: used,
    async applyLive(next) {
      if (current === null) return { applied: false };
      await current.applyLive({ model: next.model, permissionMode: next.permission_mode });
      permissionMode = next.permission_mode;
      return { applied: true };
    },
    async end() {
      clearTimeout(idleTimer);
      await current?.end();
    },
  };
}

/** What a CLI is started with that has to be looked up first. */
async function findForLaunch(parts: CliHolderParts, fixed: FixedOptions) {
  const { cwd, environment } = parts.launch;
  return {
    beginning: await chooseBeginning(parts.configDir, fixed),
    takenBack: await takeBackEnvironment(cwd, environment),
    mcpServers: await parts.servers(fixed.configuration),
    repositoryHooks: fixed.configuration.repository.hooks ? await readRepositoryHooks(cwd) : {},
  };
}

async function totalsBefore(configDir: string, beginning: Beginning, fixed: FixedOptions): Promise<SavedTotals> {
  if (beginning.kind === "new") return NOTHING_SAVED;
  return readSavedTotals(configDir, beginning.kind === "fork" ? beginning.from : fixed.claudeSessionId);
}

function toFixedOptions(turn: TurnStart, configuration: LaunchConfiguration): FixedOptions {
  return {
    claudeSessionId: turn.claude_session_id,
    forkedFrom: turn.forked_from_claude_session_id,
    maxTurns: turn.max_turns,
    maxBudgetUsd: turn.max_budget_usd,
    allowBypass: turn.allow_bypass,
    outputSchema: turn.output_schema === undefined ? null : JSON.stringify(turn.output_schema),
    configuration,
    inlineShell: turn.inline_shell ?? true,
  };
}

/** True when the process can take the turn as it is. */
async function keepsServing(cli: Cli, fixed: FixedOptions, live: LiveOptions): Promise<boolean> {
  const isSame =
    cli.fixed.claudeSessionId === fixed.claudeSessionId &&
    cli.fixed.maxTurns === fixed.maxTurns &&
    cli.fixed.maxBudgetUsd === fixed.maxBudgetUsd &&
    cli.fixed.allowBypass === fixed.allowBypass &&
    cli.fixed.outputSchema === fixed.outputSchema &&
    cli.fixed.configuration.sha256 === fixed.configuration.sha256 &&
    cli.fixed.inlineShell === fixed.inlineShell;
  // The CLI counts its budget from the start of its process, so that a turn with a budget needs a fresh one.
  if (!isSame || (fixed.maxBudgetUsd !== null && cli.isUsed())) return false;
  try {
    await cli.applyLive(live);
    return true;
  } catch {
    return false;
  }
}
