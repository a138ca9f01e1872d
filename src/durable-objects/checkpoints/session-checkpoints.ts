// The session's side of checkpoints: tells of them in its log, says how far its conversation is, and goes back to where it was.
import type { ConversationMark } from "../../shared/checkpoints/format.ts";
import type { CheckpointRecord } from "../../shared/checkpoints/schema.ts";
import { answer, failure, type Answer } from "../../shared/errors/app-error.ts";
import type { SessionApi } from "../../shared/rpc/session-api.ts";
import type { WorkspaceApi } from "../../shared/rpc/workspace-api.ts";
import { CALL_DEADLINE_MS, withDeadline } from "../deadline.ts";
import type { RunnerConnection } from "../runner/runner-connection.ts";
import type { RunnerLink } from "../runner/runner-link.ts";
import type { SessionLog, SessionLogParts } from "../sessions/session-log.ts";
import { ENDED_WITH_CLAUDE_CODE, type TaskLog } from "../tasks/task-log.ts";
import type { TranscriptRow, TranscriptStore } from "../transcripts/transcript-store.ts";

export const SESSION_CHECKPOINT_SCHEMA = `
  CREATE TABLE logged_checkpoints (checkpoint_id TEXT PRIMARY KEY) WITHOUT ROWID;
  CREATE TABLE rewinds (operation_id TEXT PRIMARY KEY) WITHOUT ROWID;
`;

/** A turn's conversation is stored right after its end; who asks in between waits this long at most. */
const STORE_WAIT_MS = 5_000;
const LOOK_MS = 100;

type Parts = Pick<SessionLogParts, "storage" | "sessions" | "turns" | "events" | "clock"> & {
  log: SessionLog;
  transcripts: TranscriptStore;
  taskLog: TaskLog;
  connection: RunnerConnection;
  workspace(): Pick<WorkspaceApi, "findRuntime">;
};
type Rewind = Parameters<SessionApi["rewindConversation"]>[0];

export type SessionCheckpoints = {
  created(record: CheckpointRecord): void;
  mark(turnId: string): Promise<ConversationMark | null>;
  rewind(rewind: Rewind): Promise<Answer<null>>;
};

export function createSessionCheckpoints(parts: Parts): SessionCheckpoints {
  return {
    created: (record) => logCheckpoint(parts, record),
    mark: (turnId) => markConversation(parts, turnId),
    rewind: (rewind) => rewindConversation(parts, rewind),
  };
}

/** Once for each; an ended session's log stays as it is. */
function logCheckpoint({ storage, sessions, events, log }: Parts, record: CheckpointRecord): void {
  const { status } = sessions.get();
  if (record.kind === "autosave" || status === "ended" || status === "failed") return;
  const { checkpoint_id, parent_id, kind, message, turn_id, files, bytes, stored_bytes, changes } = record;
  const { unstable_files, omitted } = record;
  log.write(() => {
    const added = storage.sql.exec(
      "INSERT OR IGNORE INTO logged_checkpoints (checkpoint_id) VALUES (?) RETURNING checkpoint_id",
      checkpoint_id,
    );
    if (added.toArray().length === 0) return;
    const data = {
      checkpoint_id,
      parent_id,
      kind,
      message,
      files,
      bytes,
      stored_bytes,
      changes,
      unstable_files,
      omitted,
    };
    events.append({ type: "checkpoint_created", turn_id, data });
  });
}

async function markConversation(
  { sessions, events, transcripts, clock }: Parts,
  turnId: string,
): Promise<ConversationMark | null> {
  const event_seq = events.endOfTurn(turnId);
  if (event_seq === null) return null;
  const deadline = clock.nowMs() + STORE_WAIT_MS;
  while ((transcripts.newest()?.event_seq ?? 0) < event_seq && clock.nowMs() < deadline) await pause();
  const transcript_version = transcripts.upTo(event_seq)?.transcript_version ?? null;
  return { session_id: sessions.get().session_id, turn_id: turnId, event_seq, transcript_version };
}

const BUSY = failure("session_busy", "A turn of this session runs. Its conversation goes back once it has ended.");
const NOT_HEARD = failure("sandbox_unavailable", "The sandbox did not answer, so the conversation stays as it is.");

async function rewindConversation(parts: Parts, rewind: Rewind): Promise<Answer<null>> {
  const { sessions, turns, transcripts } = parts;
  const { mark, operation_id } = rewind;
  if (isRewound(parts, operation_id)) return answer(null);
  const { session_id, status } = sessions.get();
  if (status === "ended") return failure("session_ended", "This session has ended.");
  if (session_id !== mark.session_id) return failure("session_not_found", "This is another session.");
  if (turns.open().length > 0) return BUSY;
  const version = mark.transcript_version === null ? null : transcripts.get(mark.transcript_version);
  if (version === null && mark.transcript_version !== null) return MARK_UNKNOWN;
  const refusal = await forgetInSandbox(parts);
  if (refusal !== null) return refusal;
  parts.log.write(() => goBack(parts, rewind, version));
  return answer(null);
}

const MARK_UNKNOWN = failure(
  "checkpoint_damaged",
  "The session does not have the conversation that the checkpoint names.",
);

function isRewound({ storage }: Parts, operationId: string): boolean {
  return storage.sql.exec("SELECT 1 FROM rewinds WHERE operation_id = ?", operationId).toArray().length > 0;
}

/** What the sandbox has of the conversation goes, so that the next turn gets the older one. Null once it is gone. */
async function forgetInSandbox(parts: Parts): Promise<ReturnType<typeof failure> | null> {
  const { sessions, connection, events } = parts;
  const found = await withDeadline(parts.workspace().findRuntime(), CALL_DEADLINE_MS);
  if (found.state === "gone") return null;
  if (found.state === "unreachable") return NOT_HEARD;
  const { runtime_id } = found;
  if (sessions.get().runtime_id !== runtime_id) {
    connection.close();
    sessions.setRuntime(runtime_id);
  }
  const link = await connection.open(runtime_id);
  if (link === null) return NOT_HEARD;
  if ((await link.ping()).running_turn_id !== null) return BUSY;
  if (!(await isAllStored(parts, link))) return NOT_HEARD;
  await withDeadline(link.runner.forgetSession(), CALL_DEADLINE_MS);
  connection.close();
  // A session that the runner forgot counts its entries from 1 again.
  events.forgetSource(runtime_id);
  return null;
}

/** What it has said already is in the log before it is forgotten. */
async function isAllStored({ events, clock }: Parts, link: RunnerLink): Promise<boolean> {
  const deadline = clock.nowMs() + STORE_WAIT_MS;
  const { last_source_seq } = await link.ping();
  while (events.acknowledged(link.runtimeId) < last_source_seq && clock.nowMs() < deadline) await pause();
  return events.acknowledged(link.runtimeId) >= last_source_seq;
}

/** The older files become the newest version: under a number of its own, because versions are never changed. */
function goBack(parts: Parts, { operation_id, checkpoint_id, mark }: Rewind, version: TranscriptRow | null): void {
  const { storage, sessions, events, transcripts, taskLog, log, clock } = parts;
  if (isRewound(parts, operation_id)) return;
  storage.sql.exec("INSERT INTO rewinds (operation_id) VALUES (?)", operation_id);
  taskLog.endAll(ENDED_WITH_CLAUDE_CODE);
  sessions.setBackgroundTasks(0);
  log.refreshStatus(`the conversation went back to event ${mark.event_seq} with the checkpoint ${checkpoint_id}`);
  const turn_id = version?.turn_id ?? mark.turn_id;
  const files = version?.files ?? [];
  transcripts.add({ turn_id, event_seq: events.cursor(), files, created_at: clock.nowIso() });
  log.oweRow();
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, LOOK_MS));
}
