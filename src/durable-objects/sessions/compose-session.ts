// Builds a session's collaborators around one object's storage. Nothing here decides anything.
import { RUNTIME_HEADER } from "../../shared/rpc/protocol.ts";
import { createAttachmentReader } from "../attachments/attachment-reader.ts";
import { createSessionAgent, type SessionAgent } from "../agents/session-agent.ts";
import { type AlarmClock, createAlarmClock } from "../alarms/alarm-clock.ts";
import type { ArchiveBucket } from "../archive/archive-keys.ts";
import { createArchivedLog } from "../archive/archived-log.ts";
import { createArchiver, type Archiver } from "../archive/archiver.ts";
import { createArchiveStore } from "../archive/archive-store.ts";
import { createLogExport } from "../archive/log-export.ts";
import { guardPuts } from "../archive/put-guard.ts";
import { createSessionDeleter, isDeletionRequested, type SessionDeleter } from "../archive/session-deleter.ts";
import { createSessionCheckpoints } from "../checkpoints/session-checkpoints.ts";
import { createToolCheckpoints } from "../checkpoints/tool-checkpoints.ts";
import type { Clock } from "../clock.ts";
import { createConfigurationStore } from "../configuration/configuration-store.ts";
import { loadConfiguration, loadVersion } from "../configuration/load-configuration.ts";
import { createSessionConfiguration } from "../configuration/session-configuration.ts";
import type { ObjectConfig } from "../config.ts";
import { bodyKey, createBodyStore } from "../events/body-store.ts";
import { createEntryRecorder } from "../events/entry-recorder.ts";
import { createEventBell } from "../events/event-bell.ts";
import { createEventStore } from "../events/event-store.ts";
import { createExclusive } from "../exclusive.ts";
import { createModelAdmission } from "../models/model-admission.ts";
import { createModelRequests } from "../models/model-requests.ts";
import type { ObjectLogger } from "../object-log.ts";
import { createOutboxStore } from "../outbox/outbox-store.ts";
import { isStillMember } from "../permissions/membership.ts";
import type { PermissionBook } from "../permissions/permission-book.ts";
import { createPermissionDesk, type PermissionDesk } from "../permissions/permission-desk.ts";
import { createFollowUpRules } from "../permissions/follow-up-rules.ts";
import { createPermissionGate } from "../permissions/permission-gate.ts";
import { createUsedSkills } from "../permissions/used-skills.ts";
import { createProcessDesk } from "../processes/process-desk.ts";
import { createRunnerConnection, type RunnerConnection } from "../runner/runner-connection.ts";
import { SessionHost } from "../runner/session-host.ts";
import type { SessionOptions } from "../../shared/rpc/session-api.ts";
import type { TeamApi } from "../../shared/rpc/team-api.ts";
import type { WorkspaceApi } from "../../shared/rpc/workspace-api.ts";
import { decideRest, type LinkFacts } from "../../shared/sleeping/sleep-policy.ts";
import { createForkDesk } from "../transcripts/fork-desk.ts";
import { createSteerDesk } from "../steering/steer-desk.ts";
import { createSteerStore } from "../steering/steer-store.ts";
import { createTaskLog } from "../tasks/task-log.ts";
import { createTaskDesk } from "../tasks/task-desk.ts";
import { createTranscriptKeeper } from "../transcripts/transcript-keeper.ts";
import { createTranscriptStore } from "../transcripts/transcript-store.ts";
import { issueSessionToken, type SessionTokenRoute } from "../tokens.ts";
import { createObjectTeller } from "../telemetry/object-teller.ts";
import {
  createSessionTelemetry,
  type SessionTelemetry,
  watchCreation,
  watchEvents,
} from "../telemetry/session-telemetry.ts";
import { createTicketStore } from "../watching/ticket-store.ts";
import { createWatchHub, type SocketPort, type WatchHub } from "../watching/watch-hub.ts";
import { composeLog } from "./compose-log.ts";
import { createLeaseKeeper } from "./lease-keeper.ts";
import { createLostTurns } from "./lost-turns.ts";
import { createSessionEnder, type SessionEnder } from "./session-ender.ts";
import type { SessionLog, SessionLogParts } from "./session-log.ts";
import { setSessionOptions } from "./session-options.ts";
import { createSessionReader } from "./session-reader.ts";
import { createSessionStore, type SessionRow } from "./session-store.ts";
import { createTurnSubmitter } from "./submit-turn.ts";
import { createTurnBeginner } from "./turn-beginner.ts";
import { createTurnDriver } from "./turn-driver.ts";
import { createTurnStore } from "./turn-store.ts";

export const SESSION_TASKS = ["drive", "watch", "outbox", "rest", "archive", "deletion", "permissions"] as const;
export type SessionTask = (typeof SESSION_TASKS)[number];

export type SessionPorts = {
  storage: DurableObjectStorage;
  sockets: SocketPort;
  bucket: ArchiveBucket;
  database: D1Database;
  workspace(workspaceId: string): WorkspaceApi & Pick<Fetcher, "fetch">;
  team(teamId: string): TeamApi;
  config: ObjectConfig;
  clock: Clock;
  logger: ObjectLogger;
  /** Goes on in the background; failures are logged. */
  background(work: Promise<unknown>): void;
};

export type Session = ReturnType<typeof composeSession>;

export function composeSession(ports: SessionPorts) {
  const core = composeCore(ports);
  const { parts, alarms, leases } = core;
  /** Does what there is to do now; a drive that is cut off is taken up by the alarm. */
  const drive = (): void => {
    alarms.schedule("drive", ports.clock.nowMs() + leases.watchEveryMs);
    archiver.schedule();
    ports.background(driver.drive());
  };
  const archiver = composeArchiver(ports, core);
  const host = composeHost(ports, core, drive);
  const connection = composeConnection(ports, core, { host, onBroken: drive });
  const watchers = (core.watch.hub = composeWatchers(ports, core, connection));
  const driver = composeDriver(ports, core, connection);
  const reader = createSessionReader({ ...parts, ...core });
  const onError = (error: unknown): void => ports.logger.error("end_failed", error);
  const driveAgainAt = (atMs: number): void => alarms.schedule("drive", atMs);
  const ender = createSessionEnder({ ...parts, ...core, permissions: core.book, connection, driveAgainAt, onError });
  return {
    ...parts,
    archived: core.archived,
    exports: createLogExport({ ...parts, archive: core.archive, archived: core.archived }),
    archiver,
    exclusively: core.exclusively,
    deliverElsewhere: core.deliverElsewhere,
    deleter: composeDeleter(ports, core, { ender, connection }),
    alarms,
    workFacts: core.workFacts,
    log: core.log,
    permissions: core.permissions,
    connection,
    driver,
    leases,
    watchers,
    tickets: createTicketStore(ports.storage.sql, ports.clock),
    transcripts: core.transcripts,
    forks: createForkDesk({ ...parts, ...core, bucket: core.puts.bucket }),
    checkpoints: createSessionCheckpoints({ ...parts, ...core, connection }),
    drive,
    ender,
    submitter: createTurnSubmitter({ ...parts, ...core }, core.log),
    agent: core.agent,
    configuration: core.configuration,
    spending: core.spending,
    setOptions: (options: SessionOptions) => setSessionOptions({ ...parts, ...core, connection, onError }, options),
    reader,
    processes: createProcessDesk({ ...parts, ...core, reader, connection, onError }),
    tasks: createTaskDesk({ ...parts, connection, onError }),
    lostTurns: createLostTurns(parts, core.log),
    models: createModelRequests({
      ...parts,
      spending: core.spending,
      telemetry: parts.telemetry,
      ownPrices: () => core.configuration.gate().model_prices,
      admission: createModelAdmission(ports.clock, ports.config.allowedModels),
    }),
  };
}

type Core = ReturnType<typeof composeCore>;

const NO_ACCESS = {
  code: "session_not_found",
  message: "There is no such session. list_sessions shows yours.",
} as const;

function composeWatchers(ports: SessionPorts, core: Core, connection: RunnerConnection): WatchHub {
  return createWatchHub({
    ...core.parts,
    events: core.archived.watchable,
    sockets: ports.sockets,
    onWatched: connection.refreshPreviews,
    async answerPermission({ request_id, answer }, user_id) {
      if (!(await isStillMember(ports.database, core.row(), user_id))) return NO_ACCESS;
      const answered = core.permissions.answer({ request_id, answer, user_id, way: "socket" });
      return answered.ok ? null : answered.error;
    },
    onError: (error) => ports.logger.error("watch_failed", error),
  });
}

/** What everything else stands on: rows, log, alarm, and the ways to the other objects. */
function composeCore(ports: SessionPorts) {
  const { storage, clock } = ports;
  const alarms = createAlarmClock<SessionTask>(storage, clock.nowMs);
  const parts = composeParts(ports, () => alarms.schedule("outbox", clock.nowMs()));
  const row = () => parts.sessions.get();
  const workspace = () => ports.workspace(row().workspace_id);
  const team = () => ports.team(row().team_id);
  const agent = createSessionAgent(storage.sql, clock.newId);
  const configuration = composeConfiguration(ports, row, agent);
  const written = composeLog(parts, { agent, configuration, team, background: ports.background });
  const { book, log } = written;
  const steers = createSteerStore(storage.sql);
  const archive = createArchiveStore(storage.sql);
  const puts = guardPuts(ports.bucket, () => isDeletionRequested(storage));
  const checkpointFailed = (error: unknown): void => ports.logger.error("checkpoint_before_tool_failed", error);
  const toolCheckpoints = createToolCheckpoints({ workspace, session: row, onError: checkpointFailed });
  return {
    parts,
    ...written,
    permissions: composeDesk(ports, { ...parts, book, log, alarms }),
    toolCheckpoints,
    archive,
    puts,
    archived: createArchivedLog({
      events: parts.events,
      archive,
      bucket: puts.bucket,
      onLoaded: parts.bell.ring,
      onError: (error) => ports.logger.error("archive_not_read", error),
    }),
    exclusively: createExclusive(),
    steers,
    steering: createSteerDesk({ ...parts, steers, log, driveAgainAt: (atMs) => alarms.schedule("drive", atMs) }),
    taskLog: createTaskLog(storage.sql, parts.events),
    transcripts: createTranscriptStore(storage.sql),
    agent,
    configuration,
    /** Set once everything stands: watchers need the connection, and the connection asks whether there are any. */
    watch: { hub: null as WatchHub | null },
    bodies: createBodyStore(puts.bucket, (sha256) => bodyKey(row(), sha256)),
    row,
    workFacts: () => readWorkFacts(parts),
    /** The link is let go after a while, unless there is work. */
    restSoon(): void {
      const restAtMs = decideRest(readWorkFacts(parts), clock.nowMs());
      if (restAtMs !== null) alarms.reschedule("rest", restAtMs);
    },
    workspace,
    team,
    alarms,
    leases: createLeaseKeeper({ ...parts, toolCheckpoints, workspace, team }),
    issueRunToken: (runtimeId: string, route: SessionTokenRoute = "model") =>
      issueSessionToken(route, { ...row(), runtime_id: runtimeId }, ports.config.runTokenSecret, clock),
  };
}

type DeskParts = SessionLogParts & { book: PermissionBook; log: SessionLog; alarms: AlarmClock<SessionTask> };

function composeDesk({ config }: SessionPorts, parts: DeskParts): PermissionDesk {
  const expireAt = (atMs: number): void => parts.alarms.schedule("permissions", atMs);
  return createPermissionDesk({ ...parts, timeoutMs: config.permissionTimeoutMs, expireAt });
}

function composeParts(ports: SessionPorts, deliverSoon: () => void): SessionLogParts & { telemetry: SessionTelemetry } {
  const { storage, clock } = ports;
  const sessions = createSessionStore(storage.sql);
  const turns = createTurnStore(storage.sql);
  const events = createEventStore(storage.sql, clock);
  const { isOn } = ports.config.telemetry;
  const teller = createObjectTeller({ ...ports, newId: clock.newId, isOn, teamId: () => sessions.get().team_id });
  const telemetry = createSessionTelemetry({ teller, sessions, turns, clock });
  return {
    storage,
    clock,
    telemetry,
    sessions: watchCreation(sessions, telemetry),
    turns,
    events: watchEvents(events, telemetry),
    outbox: createOutboxStore(storage.sql, deliverSoon),
    bell: createEventBell(),
  };
}

function composeConfiguration(ports: SessionPorts, row: () => SessionRow, agent: SessionAgent) {
  const { storage, database, config, clock } = ports;
  const store = createConfigurationStore(storage);
  const builtIn = config.builtInServers;
  return createSessionConfiguration({
    store,
    places: row,
    load: (places) => loadConfiguration(database, places, { builtIn, agent: agent.get() }),
    loadVersion: (places) => loadVersion(database, places),
    clock,
    hasMore: () => Object.keys(builtIn).length > 0 || agent.get() !== null,
  });
}

function readWorkFacts({ turns, sessions }: SessionLogParts): LinkFacts {
  const { open: openTurns, queued: queuedTurns } = turns.countUnended();
  const { status, background_tasks: backgroundTasks } = sessions.get();
  return { ended: status === "ended", openTurns, queuedTurns, backgroundTasks };
}

/** What the runner may call. */
function composeHost(ports: SessionPorts, core: Core, drive: () => void): SessionHost {
  const { parts, log, row, leases, transcripts, bodies } = core;
  const recorder = createEntryRecorder({ ...parts, taskLog: core.taskLog, refusals: core.refusals }, log);
  const keeper = createTranscriptKeeper({ ...parts, transcripts, bodies });
  const attachments = createAttachmentReader({ ...parts, bucket: ports.bucket });
  const gate = createPermissionGate({
    skills: createUsedSkills(),
    followUps: createFollowUpRules(core.configuration),
    ...parts,
    book: core.book,
    desk: core.permissions,
    log,
    configuration: core.configuration,
    maxPermissionMode: ports.config.maxPermissionMode,
    holdsLease: leases.waitForLease,
    beforeTool: core.toolCheckpoints.before,
  });
  return new SessionHost({
    record(batch) {
      const { needsDrive, ...acknowledgement } = recorder.record(batch);
      if (needsDrive) drive();
      return acknowledgement;
    },
    putBodyPart: (part) => bodies.putPart(part),
    commitTranscript: (commit) => keeper.commit(commit),
    readBody: (read) => keeper.read(read),
    readAttachment: (read) => attachments.read(read),
    preview({ runtime_id, ...frame }) {
      if (row().runtime_id === runtime_id) core.watch.hub?.preview(frame);
    },
    decidePermission: (question) => gate.decide(question),
    issueRunToken(runtimeId, route) {
      if (row().runtime_id !== runtimeId) throw new Error("this runtime is not the session's any more");
      return core.issueRunToken(runtimeId, route);
    },
  });
}

function composeConnection(ports: SessionPorts, core: Core, ends: { host: SessionHost; onBroken: () => void }) {
  return createRunnerConnection({
    ...ends,
    sessionId: () => core.row().session_id,
    dial: (path, runtimeId) => core.workspace().fetch(`http://runner${path}`, upgradeFor(runtimeId)),
    events: core.parts.events,
    clock: ports.clock,
    wantsPreviews: () => core.watch.hub?.isWatched() ?? false,
    onUsed: core.restSoon,
    onError: (error) => ports.logger.error("runner_link_failed", error),
  });
}

function composeDriver(ports: SessionPorts, core: Core, connection: RunnerConnection) {
  const { parts, alarms, clock } = { ...core, clock: ports.clock };
  const driveAgainAt = (atMs: number): void => alarms.schedule("drive", atMs);
  const shared = {
    ...parts,
    transcripts: core.transcripts,
    toolCheckpoints: core.toolCheckpoints,
    steering: core.steering,
    configuration: core.configuration,
    taskLog: core.taskLog,
    refusals: core.refusals,
    log: core.log,
    connection,
    workspace: core.workspace,
    driveAgainAt,
  };
  const beginner = createTurnBeginner({ ...shared, team: core.team, issueRunToken: core.issueRunToken });
  return createTurnDriver({
    ...shared,
    beginner,
    watch: () => alarms.schedule("watch", clock.nowMs() + core.leases.watchEveryMs),
    releaseEnded: core.leases.releaseEnded,
    rest() {
      if (connection.current() !== null) core.restSoon();
    },
  });
}

function composeArchiver(ports: SessionPorts, { parts, archive, puts, alarms }: Core): Archiver {
  const archiveAt = (atMs: number): void => alarms.schedule("archive", atMs);
  return createArchiver({ ...parts, archive, bucket: puts.bucket, afterMs: ports.config.archiveAfterMs, archiveAt });
}

function composeDeleter(
  ports: SessionPorts,
  core: Core,
  work: { ender: SessionEnder; connection: RunnerConnection },
): SessionDeleter {
  return createSessionDeleter({
    ...core.parts,
    ...work,
    log: core.log,
    deliverElsewhere: core.deliverElsewhere,
    puts: core.puts,
    exclusively: core.exclusively,
    releaseEnded: core.leases.releaseEnded,
    deleteAgainAt: (atMs) => core.alarms.reschedule("deletion", atMs),
    onError: (error) => ports.logger.error("deletion_failed", error),
  });
}

function upgradeFor(runtimeId: string): RequestInit {
  return { headers: { upgrade: "websocket", [RUNTIME_HEADER]: runtimeId } };
}
