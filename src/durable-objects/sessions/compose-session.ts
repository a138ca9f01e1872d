// Builds a session's collaborators around one object's storage. Nothing here decides anything.
import { createAlarmClock } from "../alarms/alarm-clock.ts";
import type { Clock } from "../clock.ts";
import type { ObjectConfig } from "../config.ts";
import { bodyKey, createBodyStore } from "../events/body-store.ts";
import { createEntryRecorder } from "../events/entry-recorder.ts";
import { createEventBell } from "../events/event-bell.ts";
import { createEventStore } from "../events/event-store.ts";
import { createModelAdmission } from "../models/model-admission.ts";
import type { ObjectLogger } from "../object-log.ts";
import { createOutboxStore } from "../outbox/outbox-store.ts";
import { createPermissionGate } from "../permissions/permission-gate.ts";
import { createRunnerConnection, type RunnerConnection } from "../runner/runner-connection.ts";
import { SessionHost } from "../runner/session-host.ts";
import type { TeamApi } from "../../shared/rpc/team-api.ts";
import type { WorkspaceApi } from "../../shared/rpc/workspace-api.ts";
import { issueModelToken } from "../tokens.ts";
import { createLeaseKeeper } from "./lease-keeper.ts";
import { createLostTurns } from "./lost-turns.ts";
import { createSessionEnder } from "./session-ender.ts";
import { createSessionLog, type SessionLogParts } from "./session-log.ts";
import { createSessionReader } from "./session-reader.ts";
import { createSessionStore } from "./session-store.ts";
import { createTurnSubmitter } from "./submit-turn.ts";
import { createTurnBeginner } from "./turn-beginner.ts";
import { createTurnDriver } from "./turn-driver.ts";
import { createTurnStore } from "./turn-store.ts";

export const SESSION_TASKS = ["drive", "watch", "outbox", "rest"] as const;
export type SessionTask = (typeof SESSION_TASKS)[number];

/** How long the link to the runner stays open after the last work. */
const LINGER_MS = 5_000;

export type SessionPorts = {
  storage: DurableObjectStorage;
  bucket: Pick<R2Bucket, "put" | "head">;
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
    alarms.schedule("outbox", ports.clock.nowMs());
    ports.background(driver.drive());
  };
  const host = composeHost(ports, core, drive);
  const connection = composeConnection(ports, core, { host, onBroken: drive });
  const driver = composeDriver(ports, core, connection);
  const onError = (error: unknown): void => ports.logger.error("end_failed", error);
  return {
    ...parts,
    alarms,
    log: core.log,
    connection,
    driver,
    leases,
    drive,
    ender: createSessionEnder({ ...parts, log: core.log, connection, onError }),
    submitter: createTurnSubmitter(parts, core.log),
    reader: createSessionReader(parts),
    lostTurns: createLostTurns(parts, core.log),
    admission: createModelAdmission(ports.clock, ports.config.allowedModels),
  };
}

type Core = ReturnType<typeof composeCore>;

/** What everything else stands on: rows, log, alarm, and the ways to the other objects. */
function composeCore(ports: SessionPorts) {
  const { storage, clock } = ports;
  const parts: SessionLogParts = {
    storage,
    clock,
    sessions: createSessionStore(storage.sql),
    turns: createTurnStore(storage.sql),
    events: createEventStore(storage.sql, clock),
    outbox: createOutboxStore(storage.sql),
    bell: createEventBell(),
  };
  const row = () => parts.sessions.get();
  const workspace = () => ports.workspace(row().workspace_id);
  const team = () => ports.team(row().team_id);
  return {
    parts,
    row,
    workspace,
    team,
    log: createSessionLog(parts),
    alarms: createAlarmClock<SessionTask>(storage, clock.nowMs),
    leases: createLeaseKeeper({ turns: parts.turns, sessions: parts.sessions, workspace, team, clock }),
    issueRunToken: (runtimeId: string) =>
      issueModelToken({ ...row(), runtime_id: runtimeId }, ports.config.runTokenSecret, clock),
  };
}

/** What the runner may call. */
function composeHost(ports: SessionPorts, core: Core, drive: () => void): SessionHost {
  const { parts, log, row, leases } = core;
  const recorder = createEntryRecorder(parts, log);
  const bodies = createBodyStore(ports.bucket, (sha256) => bodyKey(row(), sha256));
  const gate = createPermissionGate({ ...parts, sql: ports.storage.sql, log, holdsLease: leases.waitForLease });
  return new SessionHost({
    record(batch) {
      const { needsDrive, ...acknowledgement } = recorder.record(batch);
      if (needsDrive) drive();
      return acknowledgement;
    },
    putBodyPart: (part) => bodies.putPart(part),
    preview: () => undefined,
    decidePermission: (question) => gate.decide(question),
    issueRunToken(runtimeId) {
      if (row().runtime_id !== runtimeId) throw new Error("this runtime is not the session's any more");
      return core.issueRunToken(runtimeId);
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
    wantsPreviews: () => false,
    onError: (error) => ports.logger.error("runner_link_failed", error),
  });
}

function composeDriver(ports: SessionPorts, core: Core, connection: RunnerConnection) {
  const { parts, alarms, clock } = { ...core, clock: ports.clock };
  const driveAgainAt = (atMs: number): void => alarms.schedule("drive", atMs);
  const shared = { ...parts, log: core.log, connection, workspace: core.workspace, driveAgainAt };
  const beginner = createTurnBeginner({ ...shared, team: core.team, issueRunToken: core.issueRunToken });
  return createTurnDriver({
    ...shared,
    beginner,
    watch: () => alarms.schedule("watch", clock.nowMs() + core.leases.watchEveryMs),
    releaseEnded: core.leases.releaseEnded,
    rest() {
      if (connection.current() !== null) alarms.reschedule("rest", clock.nowMs() + LINGER_MS);
    },
  });
}

function upgradeFor(runtimeId: string): RequestInit {
  return { headers: { upgrade: "websocket", "x-berth-runtime-id": runtimeId } };
}
