// Begins a turn: lease, slot, sandbox, link, hand-over, in this order. Each is idempotent by turn_id.
import { uploadedBytes } from "../../shared/attachments/schema.ts";
import { SILENCE_SECONDS } from "../../shared/limits.ts";
import { isToolAllowed } from "../../shared/permissions/tool-allow-list.ts";
import { cutToCeiling } from "../../shared/permissions/permission-mode.ts";
import type { SessionConfigurationKeeper } from "../configuration/session-configuration.ts";
import type { SteerDesk } from "../steering/steer-desk.ts";
import type { Failure } from "../../shared/errors/app-error.ts";
import { CONFIGURATION_PROTOCOL_VERSION, INPUTS_PROTOCOL_VERSION } from "../../shared/rpc/protocol.ts";
import type { TurnStart } from "../../shared/rpc/runner-session-api.ts";
import type { RunTokenGrant } from "../../shared/rpc/session-host-api.ts";
import type { SlotAnswer, TeamApi } from "../../shared/rpc/team-api.ts";
import type { RuntimeInfo, WorkspaceApi, WorkspaceIdentity } from "../../shared/rpc/workspace-api.ts";
import { toManifest, type TranscriptStore } from "../transcripts/transcript-store.ts";
import type { ToolCheckpoints } from "../checkpoints/tool-checkpoints.ts";
import { CALL_DEADLINE_MS, withDeadline } from "../deadline.ts";
import type { Clock } from "../clock.ts";
import type { RefusalStore } from "../budgets/refusal-store.ts";
import { slotRequest } from "./slot-request.ts";
import type { RunnerConnection } from "../runner/runner-connection.ts";
import type { RunnerLink } from "../runner/runner-link.ts";
import { ENDED_WITH_SANDBOX, type TaskLog } from "../tasks/task-log.ts";
import type { SessionLog } from "./session-log.ts";
import type { SessionRow, SessionStore } from "./session-store.ts";
import type { TurnRow, TurnStore } from "./turn-store.ts";

export type TurnBeginnerParts = {
  sessions: SessionStore;
  turns: TurnStore;
  log: SessionLog;
  taskLog: TaskLog;
  connection: RunnerConnection;
  workspace(): WorkspaceApi;
  team(): TeamApi;
  clock: Clock;
  transcripts: TranscriptStore;
  toolCheckpoints: Pick<ToolCheckpoints, "learn">;
  steering: SteerDesk;
  configuration: SessionConfigurationKeeper;
  refusals: Pick<RefusalStore, "add">;
  issueRunToken(runtimeId: string): Promise<RunTokenGrant>;
  driveAgainAt(atMs: number): void;
};

export type TurnBeginner = {
  /** Takes the first queued turn as far as it goes. True when the next step may follow at once. */
  beginNext(): Promise<boolean>;
  /** Says again what the runner may not have heard: a prompt that was handed over, an interrupt that was asked for. */
  resumeHandOver(link: RunnerLink): Promise<void>;
};

const LEASE_LOOK_AGAIN_MS = 20_000;
const BUSY_LOOK_AGAIN_MS = 1_000;
/** Longer than a slow start with a clone may take; who gives up here asks again and joins the same start. */
const ENSURE_DEADLINE_MS = 15 * 60_000;
/** A runner that was started but cannot be reached is given up for this turn after so many tries. */
const MAX_CONNECT_TRIES = 20;

const OPERATION_WORDS = { checkpoint: "a checkpoint", restore: "a restore", export: "an export" } as const;

const FILES_LOST_NOTE =
  "The sandbox was replaced by an empty one: the project's files are gone. The conversation goes on.";

const RUNNER_TOO_OLD: Failure = {
  code: "runner_protocol_unsupported",
  message:
    "The project's sandbox runs an earlier version, which takes neither attachments nor an output_schema. Send the prompt without them, or in another project.",
};

const RUNNER_KNOWS_NO_CONFIGURATION: Failure = {
  code: "runner_protocol_unsupported",
  message:
    "The project's sandbox runs an earlier version, which does not take what is configured for this session. Send the prompt again once the sandbox has rested, or in another project.",
};

export function createTurnBeginner(parts: TurnBeginnerParts): TurnBeginner {
  let connectTries = 0;

  const beginNext = async (): Promise<boolean> => {
    const turn = parts.turns.nextQueued();
    if (turn === null) return true;
    const session = parts.sessions.get();
    const proving = proveLink(parts, session);
    const configuring = parts.configuration.refresh();
    // Awaited at the hand-over, which asks again: what fails meanwhile is nobody's yet.
    configuring.catch(() => {});
    // The lease first: a turn that waits for another one in its project takes no running slot meanwhile.
    if (!(await getLease(parts, session, turn)) || !(await getSlot(parts, session, turn))) return isOver(parts, turn);
    // Somebody may have stopped the turn, or ended the session, while the others were asked.
    if (isOver(parts, turn)) return true;
    parts.log.write(() => parts.log.setStarting());
    const proven = await proving;
    if (isOver(parts, turn)) return true;
    // A runtime that has just answered over the open link runs: the Workspace object need not look for it.
    if (proven !== null && proven === parts.connection.current()) return bind(turn, proven, []);
    const runtime = await withDeadline(parts.workspace().ensureRuntime(identityOf(session)), ENSURE_DEADLINE_MS);
    if (!runtime.ok) return giveUp(parts, turn, runtime.error);
    adoptRuntime(parts, runtime.value);
    if (isOver(parts, turn)) return true;
    const link = await parts.connection.open(runtime.value.runtime_id);
    return link === null ? retryConnect(turn) : bind(turn, link, notesFor(parts, runtime.value));
  };

  const bind = async (turn: TurnRow, link: RunnerLink, notes: readonly string[]): Promise<boolean> => {
    connectTries = 0;
    const problem = await parts.configuration.refresh();
    if (problem !== null) return giveUp(parts, turn, problem);
    parts.log.write(() => {
      if (isOver(parts, turn)) return;
      cutMode(parts, turn);
      parts.turns.handOver(turn.turn_id, link.runtimeId, notes);
    });
    await resumeHandOver(link);
    return true;
  };

  const retryConnect = (turn: TurnRow): boolean => {
    connectTries += 1;
    if (connectTries > MAX_CONNECT_TRIES) {
      connectTries = 0;
      const message = "The sandbox was started but does not answer. Send the prompt again.";
      return giveUp(parts, turn, { code: "sandbox_unavailable", message });
    }
    parts.driveAgainAt(parts.clock.nowMs() + BUSY_LOOK_AGAIN_MS);
    return false;
  };

  const resumeHandOver = async (link: RunnerLink): Promise<void> => {
    for (const turn of parts.turns.open()) {
      if (turn.runtime_id !== link.runtimeId) continue;
      if (turn.status === "queued") await handOver(parts, link, turn);
      if (parts.turns.get(turn.turn_id)?.interrupt_requested === true)
        await withDeadline(link.runner.interruptTurn({ turn_id: turn.turn_id }), CALL_DEADLINE_MS);
    }
    await parts.steering.deliver(link);
  };

  return { beginNext, resumeHandOver };
}

/**
 * The open link to the session's runtime, when it answers a ping; null otherwise, and before the session's first turn
 * in this runtime, which has to hear what became of the files. Never rejects.
 */
async function proveLink({ connection, turns }: TurnBeginnerParts, session: SessionRow): Promise<RunnerLink | null> {
  const link = connection.current();
  if (link === null || link.runtimeId !== session.runtime_id || !turns.hasAnyOf(link.runtimeId)) return null;
  return link.ping().then(
    () => link,
    () => null,
  );
}

function isOver(parts: TurnBeginnerParts, turn: TurnRow): boolean {
  return parts.turns.get(turn.turn_id)?.ended_at !== null;
}

export function identityOf(session: SessionRow): WorkspaceIdentity {
  const { workspace_id, team_id, project_id, git_url } = session;
  return { workspace_id, team_id, project_id, git_url };
}

async function getSlot(parts: TurnBeginnerParts, session: SessionRow, turn: TurnRow): Promise<boolean> {
  const request = slotRequest(session, turn, parts.configuration.knownVersion());
  const slot = await withDeadline(parts.team().requestSlot(request), CALL_DEADLINE_MS);
  if (slot.granted) return true;
  if ("refused" in slot) {
    parts.log.write(() => parts.refusals.add(turn.turn_id, slot.refused));
    return !giveUp(parts, turn, slot.refused);
  }
  waitFor(parts, turn, describeWait(slot));
  return false;
}

function describeWait({ limit, running, position }: Extract<SlotAnswer, { granted: false }>): string {
  if (limit === "budget") return "waits for another session to end: a budget lets only so many work at once";
  const whose = limit === "user" ? "of yours" : "of the team";
  return `waits for one of the ${running} running turns ${whose} to end, place ${position}`;
}

async function getLease(parts: TurnBeginnerParts, session: SessionRow, turn: TurnRow): Promise<boolean> {
  const request = { identity: identityOf(session), session_id: session.session_id, turn_id: turn.turn_id };
  const lease = await withDeadline(parts.workspace().requestLease(request), CALL_DEADLINE_MS);
  parts.toolCheckpoints.learn(turn.turn_id, lease);
  if (lease.granted) return true;
  const { operation, held_by, position } = lease;
  const whom = operation === undefined ? `session ${held_by}` : OPERATION_WORDS[operation];
  waitFor(parts, turn, `waits for ${whom} in this project, place ${position}`);
  return false;
}

function waitFor(parts: TurnBeginnerParts, turn: TurnRow, reason: string): void {
  if (isOver(parts, turn)) return;
  parts.log.write(() => {
    parts.turns.setReason(turn.turn_id, reason);
    parts.log.refreshStatus(reason);
  });
  parts.driveAgainAt(parts.clock.nowMs() + LEASE_LOOK_AGAIN_MS);
}

function giveUp(parts: TurnBeginnerParts, turn: TurnRow, error: Failure): boolean {
  parts.log.write(() => {
    if (isOver(parts, turn)) return;
    parts.log.turnEnded(turn, { status: "failed", reason: error.message, result: null, error });
  });
  return true;
}

/** What a person must know goes into the first event of the session's first turn in this runtime. */
function notesFor(parts: TurnBeginnerParts, runtime: RuntimeInfo): string[] {
  if (parts.turns.hasAnyOf(runtime.runtime_id)) return [];
  if (runtime.restored !== null) return [describeRestored(runtime.restored)];
  return runtime.files_lost ? [FILES_LOST_NOTE] : [];
}

function describeRestored({ checkpoint_id, created_at, changed_since }: NonNullable<RuntimeInfo["restored"]>): string {
  const filled = `The sandbox is a new one: its files are those of the checkpoint ${checkpoint_id} of ${created_at}.`;
  return changed_since ? `${filled} What a turn changed after it was lost with the sandbox before.` : filled;
}

function adoptRuntime(parts: TurnBeginnerParts, runtime: RuntimeInfo): void {
  const before = parts.sessions.get().runtime_id;
  if (before === runtime.runtime_id) return;
  parts.connection.close();
  parts.log.write(() => {
    parts.sessions.setRuntime(runtime.runtime_id);
    parts.sessions.setBackgroundTasks(0);
    parts.taskLog.endAll(ENDED_WITH_SANDBOX);
  });
}

async function handOver(parts: TurnBeginnerParts, link: RunnerLink, turn: TurnRow): Promise<void> {
  if (!understands(link, turn)) return void giveUp(parts, turn, RUNNER_TOO_OLD);
  const start = await buildTurnStart(parts, link.runtimeId, turn);
  if (isOver(parts, turn)) return;
  if (start.configuration !== undefined && link.hello.protocol_version < CONFIGURATION_PROTOCOL_VERSION) {
    return void giveUp(parts, turn, RUNNER_KNOWS_NO_CONFIGURATION);
  }
  const { state } = await withDeadline(link.runner.startTurn(start), CALL_DEADLINE_MS);
  if (state === "started") parts.configuration.delivered(link.runtimeId);
  if (state === "needs_configuration") parts.configuration.forgotten();
  if (state === "busy" || state === "needs_configuration") {
    parts.driveAgainAt(parts.clock.nowMs() + (state === "busy" ? BUSY_LOOK_AGAIN_MS : 0));
  }
}

/** The ceiling that a person set since the prompt was sent holds as well. */
function cutMode({ turns, configuration }: TurnBeginnerParts, turn: TurnRow): void {
  const { permission_mode: ceiling } = configuration.gate().ceiling;
  turns.cutMode(turn.turn_id, cutToCeiling(turn.permission_mode, ceiling), ceiling === "bypassPermissions");
}

/** An older runner leaves out what it does not know: the model would be asked without it. */
function understands({ hello }: RunnerLink, { options }: TurnRow): boolean {
  if (hello.protocol_version >= INPUTS_PROTOCOL_VERSION) return true;
  return (options.attachments ?? []).length === 0 && options.output_schema === undefined;
}

/** Without the turn's own, which the runner counts as it reads them. */
function attachedBefore({ sessions, turns }: TurnBeginnerParts, turn: TurnRow): number {
  const own = uploadedBytes(turn.options.attachments ?? []);
  return Math.max(0, sessions.get().inherited_attached_bytes + turns.attachedBytes(turn.turn_id) - own);
}

async function buildTurnStart(parts: TurnBeginnerParts, runtimeId: string, turn: TurnRow): Promise<TurnStart> {
  const session = parts.sessions.get();
  const transcript = parts.transcripts.newest();
  const configuration = parts.configuration.forTurn(runtimeId);
  return {
    turn_id: turn.turn_id,
    prompt: turn.prompt,
    ...(turn.options.output_schema === undefined ? {} : { output_schema: turn.options.output_schema }),
    ...(turn.options.attachments === undefined ? {} : { attachments: turn.options.attachments }),
    attached_bytes: attachedBefore(parts, turn),
    claude_session_id: session.claude_session_id,
    model: turn.options.model ?? null,
    permission_mode: turn.permission_mode,
    allow_bypass: turn.allow_bypass,
    max_turns: turn.options.max_turns ?? null,
    max_budget_usd: turn.options.max_budget_usd ?? null,
    timeout_seconds: turn.options.timeout_seconds,
    silence_seconds: SILENCE_SECONDS,
    spent_usd: session.cli_total_usd,
    run_token: await parts.issueRunToken(runtimeId),
    // A conversation that went back to before its beginning begins anew.
    transcript: transcript === null || transcript.files.length === 0 ? null : toManifest(transcript),
    forked_from_claude_session_id: session.forked_from_claude_session_id,
    ...(isToolAllowed(turn.options.allowed_tools, "Bash") ? {} : { inline_shell: false }),
    ...(configuration === null ? {} : { configuration }),
  };
}
