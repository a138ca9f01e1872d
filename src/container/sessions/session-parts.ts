// Builds the parts of one session and connects them: spool and sender, link and waker, token, gate, turns, CLI.
import { realpathSync } from "node:fs";
import { createPromptFiles } from "../attachments/prompt-files.ts";
import type { Config } from "../config.ts";
import { createConfigurationDesk } from "../configuration/configuration-desk.ts";
import { readOwnNames } from "../configuration/own-names.ts";
import { createEntrySpool } from "../events/entry-spool.ts";
import { runEntrySender } from "../events/entry-sender.ts";
import { createPreviewSender } from "../events/preview-sender.ts";
import { createSessionServers } from "../mcp-servers/session-servers.ts";
import { createToolTracker } from "../hooks/tool-tracker.ts";
import { createHookSender } from "../hooks/hook-sender.ts";
import { createPermissionGate } from "../permissions/permission-gate.ts";
import { createHostLink, type HostLink } from "../rpc/host-link.ts";
import { createWaker } from "../rpc/waker.ts";
import { createRunTokenFile } from "../tokens/run-token-file.ts";
import { runTokenRenewal } from "../tokens/token-renewal.ts";
import { createTaskList, type TaskList } from "../tasks/task-list.ts";
import { createConversation } from "../transcripts/conversation.ts";
import { transcriptFolder } from "../transcripts/transcript-files.ts";
import { createTranscriptUploader } from "../transcripts/transcript-uploader.ts";
import type { CliHandlers } from "./cli.ts";
import { type CliEvents, createCliEvents } from "./cli-events.ts";
import { buildCliEnvironment, sessionMark } from "./cli-environment.ts";
import { type CliHolder, createCliHolder } from "./cli-holder.ts";
import { createMessageRecorder, type MessageRecorder } from "./message-recorder.ts";
import { prepareSessionFiles, type SessionFiles } from "./session-files.ts";
import { createTurnTracker, type TurnTracker } from "./turn-tracker.ts";

export type SessionSettings = {
  config: Config;
  runtimeId: string;
  sessionId: string;
  binaryPath: string;
  /** The last number that this runtime gave in this session before it was forgotten; 0 for none. */
  lastSourceSeq: number;
  /** A tool is about to be asked about. */
  onToolCall: () => void;
};
export type SessionParts = ReturnType<typeof createSessionParts>;

export function createSessionParts(settings: SessionSettings) {
  const { config, runtimeId, sessionId } = settings;
  const files = prepareSessionFiles(config.stateDir, sessionId, config.cliUser);
  const stopped = new AbortController();
  const spool = createEntrySpool(files.spool, settings.lastSourceSeq);
  const link = createWakingLink(settings, stopped.signal);
  const token = createRunTokenFile(files.token, config.cliUser);
  const folder = transcriptFolder(files.configDir, config.workspaceDir);
  const uploader = createTranscriptUploader({ folder, spool, link, runtimeId }, stopped.signal);
  const turns = createTurnTracker(spool, (turnId) => {
    uploader.turnEnded(turnId);
    holder.turnEnded();
  });
  const tools = createToolTracker();
  const recorder = createMessageRecorder({ spool, turns, tools, previews: createPreviewSender(link, runtimeId) });
  const isBusy = () => turns.running() !== null || recorder.backgroundTasks() > 0;
  const gate = createGate(settings, files, { link, turns, holder: () => holder });
  const hooks = createHookSender({ edgeUrl: config.edgeUrl, link, runtimeId });
  const servers = createSessionServers({ ...config, sessionId, runtimeId, link });
  const started = { mark: sessionMark(files), user: config.cliUser };
  const events = createCliEvents({ spool, turns, recorder, started });
  const configuration = createConfigurationDesk(files);
  const tasks = createTaskList(() => new Date());
  const holder: CliHolder = createCliHolder({
    configDir: files.configDir,
    configure: configuration.configure,
    servers: servers.options,
    launch: {
      cwd: config.workspaceDir,
      environment: buildCliEnvironment(config, files),
      binaryPath: settings.binaryPath,
      apiKeyHelper: token.helperCommand,
      gate: servers.guard(gate),
      hooks: { record: events.onHook, send: hooks.send, afterTool: tools.callback },
      spawn: { user: config.cliUser, secrets: () => [config.bootToken, ...listSecrets(token, servers, hooks)] },
    },
    handlers: createHandlers({ tasks, recorder, events }),
    onStarted: events.onStarted,
    isBusy,
    idleMs: config.cliIdleMs,
  });
  void runEntrySender({ spool, link, runtimeId }, stopped.signal);
  void runTokenRenewal({ file: token, link, runtimeId, isBusy }, stopped.signal);
  const conversation = createConversation(settings, { configDir: files.configDir, folder, link, uploader });
  const stop = (): void => {
    stopped.abort();
    servers.close();
    spool.close();
  };
  const prompts = createPromptFiles({ workspaceDir: config.workspaceDir, runtimeId, link });
  const talk = { spool, link, token, turns, recorder, tasks, files: prompts };
  return { ...talk, holder, configuration, conversation, uploader, started, isBusy, stop };
}

type GateNeeds = { link: HostLink; turns: TurnTracker; holder: () => CliHolder };

function createGate({ config, runtimeId, onToolCall }: SessionSettings, files: SessionFiles, needs: GateNeeds) {
  return createPermissionGate({
    link: needs.link,
    runtimeId,
    currentTurnId: () => findTurnOfToolCall(needs.turns, needs.holder()),
    permissionMode: () => needs.holder().permissionMode(),
    // Claude Code names files by where they really lie.
    places: { projectDir: realFolder(config.workspaceDir), homeDir: realFolder(files.homeDir) },
    ownNames: () => readOwnNames({ ...files, workspaceDir: config.workspaceDir }),
    onToolCall,
  });
}

function listSecrets(...holders: { secrets(): readonly string[] }[]): string[] {
  return holders.flatMap((holder) => [...holder.secrets()]);
}

/** The folder itself where it cannot be found out. */
function realFolder(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** What the CLI says goes into the log, and to whom it may concern besides. */
function createHandlers(to: { tasks: TaskList; recorder: MessageRecorder; events: CliEvents }): CliHandlers {
  return {
    onMessage(cli, message) {
      to.tasks.heard(message);
      to.recorder.onMessage(cli, message);
    },
    onExit(cli, exit) {
      to.tasks.onExit();
      to.events.onExit(cli, exit);
    },
    onMessageLost: to.events.onMessageLost,
  };
}

/** A link that asks the edge for a connection as long as somebody waits for one. */
function createWakingLink(settings: SessionSettings, stopped: AbortSignal): HostLink {
  const { edgeUrl, bootToken, workspaceId } = settings.config;
  const target = { edgeUrl, bootToken, workspaceId, runtimeId: settings.runtimeId };
  const isNeeded = () => link.isWanted() && !link.isConnected() && !stopped.aborted;
  const link = createHostLink(createWaker(target, settings.sessionId, isNeeded));
  return link;
}

/** A tool call outside of any turn is the beginning of a follow-up. */
function findTurnOfToolCall(turns: TurnTracker, holder: CliHolder): string {
  const running = turns.running();
  if (running !== null) return running.turnId;
  const cli = holder.current();
  if (cli === null) throw new Error("A tool call without a live CLI");
  return turns.beginFollowUp(cli).turnId;
}
