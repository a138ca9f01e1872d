// The tables of one Session object, as numbered migrations. docs/storage-schema.md explains the columns.
import { REFUSAL_SCHEMA } from "../budgets/refusal-store.ts";
import { AGENT_SCHEMA } from "../agents/session-agent.ts";
import { ACCOUNTING_SCHEMA } from "../accounting/usage-store.ts";
import { CONFIGURATION_SCHEMA } from "../configuration/configuration-store.ts";
import { OUTBOX_SCHEMA } from "../outbox/outbox-store.ts";
import { SESSION_CHECKPOINT_SCHEMA } from "../checkpoints/session-checkpoints.ts";
import { STEER_SCHEMA } from "../steering/steer-store.ts";
import { TASK_SCHEMA } from "../tasks/task-log.ts";
import { TRANSCRIPT_SCHEMA } from "../transcripts/transcript-store.ts";
import { ARCHIVE_SCHEMA } from "../archive/archive-store.ts";
import { PERMISSION_REQUEST_SCHEMA } from "../permissions/permission-book.ts";
import { ALARM_SCHEMA } from "../alarms/alarm-clock.ts";
import { REGISTRY_SCHEMA } from "../processes/registry-entry.ts";
import { TICKET_SCHEMA } from "../watching/ticket-store.ts";

export const SESSION_MIGRATIONS = [
  `
  CREATE TABLE session (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    session_id TEXT NOT NULL,
    team_id TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    project_name TEXT NOT NULL,
    workspace_id TEXT NOT NULL,
    branch TEXT NOT NULL,
    git_url TEXT,
    claude_session_id TEXT NOT NULL,
    title TEXT NOT NULL,
    status TEXT NOT NULL,
    status_reason TEXT,
    runtime_id TEXT,
    background_tasks INTEGER NOT NULL DEFAULT 0,
    cli_total_usd REAL NOT NULL DEFAULT 0,
    cost_usd REAL NOT NULL DEFAULT 0,
    version INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
  );
  CREATE TABLE turns (
    turn_id TEXT PRIMARY KEY,
    number INTEGER NOT NULL UNIQUE,
    origin TEXT NOT NULL,
    status TEXT NOT NULL,
    reason TEXT,
    prompt TEXT NOT NULL,
    options TEXT NOT NULL,
    permission_mode TEXT NOT NULL,
    allow_bypass INTEGER NOT NULL,
    idempotency_key TEXT UNIQUE,
    submitted_cursor INTEGER NOT NULL,
    runtime_id TEXT,
    interrupt_requested INTEGER NOT NULL DEFAULT 0,
    released INTEGER NOT NULL DEFAULT 0,
    notes TEXT NOT NULL DEFAULT '[]',
    result TEXT,
    created_at TEXT NOT NULL,
    started_at TEXT,
    ended_at TEXT
  ) WITHOUT ROWID;
  CREATE INDEX turns_by_status ON turns (status, number);
  CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    version INTEGER NOT NULL,
    type TEXT NOT NULL,
    turn_id TEXT,
    at TEXT NOT NULL,
    occurred_at TEXT,
    data TEXT NOT NULL,
    body_sha256 TEXT,
    body_bytes INTEGER,
    runtime_id TEXT,
    source_seq INTEGER
  );
  CREATE UNIQUE INDEX events_by_source ON events (runtime_id, source_seq) WHERE source_seq IS NOT NULL;
  CREATE TABLE sources (
    runtime_id TEXT PRIMARY KEY,
    acknowledged_source_seq INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE permissions (
    request_id TEXT PRIMARY KEY,
    turn_id TEXT NOT NULL,
    decision TEXT NOT NULL,
    decided_at TEXT NOT NULL
  ) WITHOUT ROWID;
  ${OUTBOX_SCHEMA}
  ${ALARM_SCHEMA};
  `,
  `
  ALTER TABLE session ADD COLUMN forked_from_claude_session_id TEXT;
  ${TRANSCRIPT_SCHEMA}
  `,
  TICKET_SCHEMA,
  STEER_SCHEMA,
  ARCHIVE_SCHEMA,
  REGISTRY_SCHEMA,
  // What waits is counted with every step and every look: without these each of them would read all prompts.
  `
  DROP INDEX turns_by_status;
  CREATE INDEX turns_by_state ON turns (status, runtime_id, number);
  CREATE INDEX turns_of_runtime ON turns (runtime_id);
  CREATE INDEX turns_unreleased ON turns (number) WHERE ended_at IS NOT NULL AND released = 0;
  CREATE INDEX steers_pending ON steers (steer_id) WHERE settled = 0;
  `,
  TASK_SCHEMA,
  // What a conversation's files come to: those of the project are known once the runner has read them.
  `
  ALTER TABLE session ADD COLUMN inherited_attached_bytes INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE turns ADD COLUMN attached_bytes INTEGER NOT NULL DEFAULT 0;
  UPDATE turns SET attached_bytes = coalesce(
    (SELECT sum(json_extract(value, '$.bytes')) FROM json_each(turns.options, '$.attachments')), 0);
  `,
  SESSION_CHECKPOINT_SCHEMA,
  CONFIGURATION_SCHEMA,
  PERMISSION_REQUEST_SCHEMA,
  ACCOUNTING_SCHEMA,
  REFUSAL_SCHEMA,
  AGENT_SCHEMA,
  // The trace of the request that the prompt came with.
  "ALTER TABLE turns ADD COLUMN traceparent TEXT",
] as const;
