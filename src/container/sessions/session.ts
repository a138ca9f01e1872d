// One session inside the runner: puts its spool, sender, token, gate, turns and CLI together.
import type { SDKMessage } from "@anthropic-ai/claude-agent-sdk";
import { RUNNER_PROTOCOL_VERSION, SUPPORTED_RUNNER_PROTOCOLS } from "../../shared/rpc/protocol.ts";
import type {
  RunnerStatus,
  SessionHello,
  SessionHelloRequest,
  TurnStart,
} from "../../shared/rpc/runner-session-api.ts";
import { type Config, RUNNER_VERSION } from "../config.ts";
import { createEntrySpool } from "../events/entry-spool.ts";
import { runEntrySender } from "../events/entry-sender.ts";
import { createPreviewSender } from "../events/preview-sender.ts";
import { newId } from "../new-id.ts";
import { createPermissionGate } from "../permissions/permission-gate.ts";
import { killMarked } from "../processes/process-tree.ts";
import type { CliExit } from "../processes/spawn-cli.ts";
import { createHostLink, type HostConnection } from "../rpc/host-link.ts";
import { createWaker } from "../rpc/waker.ts";
import { createRunTokenFile } from "../tokens/run-token-file.ts";
import { runTokenRenewal } from "../tokens/token-renewal.ts";
import type { Cli } from "./cli.ts";
import { buildCliEnvironment, sessionMark } from "./cli-environment.ts";
import { createCliHolder } from "./cli-holder.ts";
import { createMessageRecorder } from "./message-recorder.ts";
import { prepareSessionFiles } from "./session-files.ts";
import { createTurnTracker } from "./turn-tracker.ts";

export type SessionSettings = { config: Config; runtimeId: string; sessionId: string; binaryPath: string };

export type Session = ReturnType<typeof createSession>;

export function createSession(settings: SessionSettings) {
  const { config, runtimeId, sessionId } = settings;
  const files = prepareSessionFiles(config.stateDir, sessionId, config.cliUser);
  const spool = createEntrySpool(files.spool);
  const stopped = new AbortController();
  const wakeTarget = {
    edgeUrl: config.edgeUrl,
    bootToken: config.bootToken,
    workspaceId: config.workspaceId,
    runtimeId,
  };
  const wake = createWaker(
    wakeTarget,
    sessionId,
    () => link.isWanted() && !link.isConnected() && !stopped.signal.aborted,
  );
  const link = createHostLink(wake);
  const token = createRunTokenFile(files.token, config.cliUser);
  const turns = createTurnTracker(spool);
  const previews = createPreviewSender(link, runtimeId);
  const recorder = createMessageRecorder({ spool, turns, previews });
  const isBusy = () => turns.running() !== null || recorder.backgroundTasks() > 0;
  const gate = createPermissionGate({
    link,
    runtimeId,
    currentTurnId: () => turnForQuestion(),
    permissionMode: () => holder.permissionMode(),
  });
  const holder = createCliHolder({
    configDir: files.configDir,
    launch: {
      cwd: config.workspaceDir,
      environment: buildCliEnvironment(config, files),
      binaryPath: settings.binaryPath,
      apiKeyHelper: token.helperCommand,
      gate,
      spawn: { user: config.cliUser, secrets: () => [...token.secrets(), config.bootToken] },
    },
    handlers: { onMessage: (cli, message: SDKMessage) => recorder.onMessage(cli, message), onExit: onCliExit },
    onStarted: (cli, resumed) => recordStart(cli, resumed),
    mayEndIdle: () => !isBusy(),
  });
  void runEntrySender({ spool, link, runtimeId }, stopped.signal);
  void runTokenRenewal({ file: token, link, runtimeId, isBusy }, stopped.signal);

  /** A tool call outside of any turn is the beginning of a follow-up. */
  function turnForQuestion(): string {
    const running = turns.running();
    if (running !== null) return running.turnId;
    const cli = holder.current();
    if (cli === null) throw new Error("A tool call without a live CLI");
    return turns.beginFollowUp(cli).turnId;
  }

  function recordStart(cli: Cli, resumed: boolean): void {
    if (cli.pid === null) return;
    spool.record({
      kind: "cli_started",
      turn_id: turns.running()?.turnId ?? null,
      pid: cli.pid,
      claude_session_id: cli.fixed.claudeSessionId,
      resumed,
    });
  }

  function onCliExit(cli: Cli, exit: CliExit): void {
    killMarked(sessionMark(files));
    recorder.onExit();
    const running = turns.running();
    const turnId = running?.cli === cli ? running.turnId : null;
    if (exit.started) {
      spool.record({ kind: "cli_exited", turn_id: turnId, exit_code: exit.exitCode, signal: exit.signal });
    }
    if (turnId !== null) turns.endWithExit(exit);
  }

  async function feed(turn: TurnStart): Promise<void> {
    const failed = { started: false, exitCode: null, signal: null, stderrTail: null };
    try {
      await token.write(turn.run_token);
      const cli = await holder.ensure(turn);
      const running = turns.running();
      if (running?.turnId !== turn.turn_id) return;
      if (running.stop !== null || holder.current() !== cli) return turns.endWithExit(failed);
      running.cli = cli;
      cli.push(turn.prompt, recorder.expectPrompt(newId()));
    } catch {
      if (turns.running()?.turnId === turn.turn_id) turns.endWithExit(failed);
    }
  }

  function status(): RunnerStatus {
    return {
      runtime_id: runtimeId,
      running_turn_id: turns.running()?.turnId ?? null,
      cli_live: holder.current() !== null,
      background_tasks: recorder.backgroundTasks(),
      last_source_seq: spool.lastSeq(),
    };
  }

  function hello(request: SessionHelloRequest, connection: HostConnection): SessionHello {
    if (request.session_id !== sessionId) throw new Error("This connection belongs to another session.");
    if (!SUPPORTED_RUNNER_PROTOCOLS.includes(request.protocol_version)) {
      throw new Error(
        `This runner speaks protocol ${SUPPORTED_RUNNER_PROTOCOLS.join(", ")}; replace the sandbox with the current image.`,
      );
    }
    if (request.acknowledged_runtime_id === runtimeId) spool.acknowledge(request.acknowledged_source_seq);
    // The answer goes out before the first entry: the object knows the runtime by then.
    setImmediate(() => link.attach(connection, request.previews));
    return { protocol_version: RUNNER_PROTOCOL_VERSION, runner_version: RUNNER_VERSION, ...status() };
  }

  function startTurn(turn: TurnStart): { state: "started" | "known" | "busy" } {
    if (turns.isKnown(turn.turn_id)) return { state: "known" };
    if (turns.running() !== null) return { state: "busy" };
    turns.begin(turn.turn_id, turn.timeout_seconds);
    void feed(turn);
    return { state: "started" };
  }

  /** Stops the running turn and the CLI; what was recorded stays until it is acknowledged. */
  async function shutdown(): Promise<void> {
    const running = turns.running();
    if (running !== null) turns.stop(running.turnId, "interrupted");
    await Promise.race([turns.whenIdle(), new Promise((resolve) => setTimeout(resolve, 3_000).unref())]);
    await holder.end();
  }

  return {
    hello,
    startTurn,
    shutdown,
    status,
    isBusy,
    detach: link.detach,
    setPreviews: link.setPreviews,
    interruptTurn: (turnId: string) => turns.stop(turnId, "interrupted"),
    whenFlushed: () => spool.whenEmpty(),
    dispose: () => stopped.abort(),
  };
}
