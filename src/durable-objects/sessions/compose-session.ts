// Builds a session's collaborators around one object's storage. Nothing here decides anything.
import { createAlarmClock, type AlarmClock } from "../alarms/alarm-clock.ts";
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
import { createRunnerConnection } from "../runner/runner-connection.ts";
import { SessionHost } from "../runner/session-host.ts";
import type { TeamApi } from "../../shared/rpc/team-api.ts";
import type { WorkspaceApi } from "../../shared/rpc/workspace-api.ts";
import { issueModelToken } from "../tokens.ts";
import { createLeaseKeeper } from "./lease-keeper.ts";
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
  const { storage, clock, config } = ports;
  const alarms = createAlarmClock<SessionTask>(storage, clock.nowMs);
  const parts: SessionLogParts = {
    storage,
    clock,
    sessions: createSessionStore(storage.sql),
    turns: createTurnStore(storage.sql),
    events: createEventStore(storage.sql, clock),
    outbox: createOutboxStore(storage.sql),
    bell: createEventBell(),
  };
  const log = createSessionLog(parts);
  const row = () => parts.sessions.get();
  const workspace = () => ports.workspace(row().workspace_id);
  const team = () => ports.team(row().team_id);
  const issueRunToken = (runtimeId: string) =>
    issueModelToken({ ...row(), runtime_id: runtimeId }, config.runTokenSecret, clock);
  const driveAgainAt = (atMs: number) => alarms.schedule("drive", atMs);
  const leases = createLeaseKeeper({ turns: parts.turns, sessions: parts.sessions, workspace, team, clock });
  const recorder = createEntryRecorder(parts, log);
  const bodies = createBodyStore(ports.bucket, (sha256) => bodyKey(row(), sha256));
  const gate = createPermissionGate({ ...parts, sql: storage.sql, log, holdsLease: leases.waitForLease });

  const host = new SessionHost({
    record(batch) {
      const { turnsEnded, ...answer } = recorder.record(batch);
      if (turnsEnded) afterTurn();
      return answer;
    },
    putBodyPart: (part) => bodies.putPart(part),
    preview: () => undefined,
    decidePermission: (question) => gate.decide(question),
    issueRunToken(runtimeId) {
      if (row().runtime_id !== runtimeId) throw new Error("this runtime is not the session's any more");
      return issueRunToken(runtimeId);
    },
  });
  const connection = createRunnerConnection({
    sessionId: () => row().session_id,
    dial: (path, runtimeId) => workspace().fetch(`http://runner${path}`, upgradeFor(runtimeId)),
    host,
    events: parts.events,
    clock,
    wantsPreviews: () => false,
    onBroken: () => drive(),
    onError: (error) => ports.logger.error("runner_link_failed", error),
  });
  const beginner = createTurnBeginner({
    ...parts,
    log,
    connection,
    workspace,
    team,
    issueRunToken,
    driveAgainAt,
  });
  const driver = createTurnDriver({
    ...parts,
    log,
    connection,
    beginner,
    workspace,
    driveAgainAt,
    watch: () => alarms.schedule("watch", clock.nowMs() + leases.watchEveryMs),
    async rest() {
      if (connection.current() !== null) alarms.reschedule("rest", clock.nowMs() + LINGER_MS);
    },
  });
  const ender = createSessionEnder({
    ...parts,
    log,
    connection,
    onError: (error) => ports.logger.error("end_failed", error),
  });

  /** Does what there is to do now; a drive that is cut off is taken up by the alarm. */
  function drive(): void {
    alarms.schedule("drive", clock.nowMs() + leases.watchEveryMs);
    alarms.schedule("outbox", clock.nowMs());
    ports.background(driver.drive());
  }

  function afterTurn(): void {
    ports.background(leases.releaseEnded().finally(() => drive()));
  }

  return {
    ...parts,
    alarms,
    log,
    connection,
    driver,
    ender,
    leases,
    drive,
    afterTurn,
    submitter: createTurnSubmitter(parts, log),
    reader: createSessionReader(parts),
    admission: createModelAdmission(clock, config.allowedModels),
  };
}

function upgradeFor(runtimeId: string): RequestInit {
  return { headers: { upgrade: "websocket", "x-berth-runtime-id": runtimeId } };
}
