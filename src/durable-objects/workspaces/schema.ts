// The tables of one Workspace object, as numbered migrations. docs/storage-schema.md explains the columns.
import { CHECKPOINT_SCHEMA } from "../checkpoints/schema.ts";
import { START_SCHEMA } from "./start-circuit.ts";
import { ALARM_SCHEMA } from "../alarms/alarm-clock.ts";

export const WORKSPACE_MIGRATIONS = [
  `
  CREATE TABLE workspace (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    workspace_id TEXT NOT NULL,
    team_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    git_url TEXT,
    has_files INTEGER NOT NULL DEFAULT 0,
    prepared INTEGER NOT NULL DEFAULT 0
  );
  CREATE TABLE runtime (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    boot_token TEXT NOT NULL,
    runtime_id TEXT,
    protocol_version INTEGER,
    files_lost INTEGER NOT NULL DEFAULT 0
  );
  CREATE TABLE leases (
    turn_id TEXT PRIMARY KEY,
    session_id TEXT NOT NULL,
    place INTEGER NOT NULL UNIQUE
  ) WITHOUT ROWID;
  CREATE TABLE attached_sessions (session_id TEXT PRIMARY KEY) WITHOUT ROWID;
  ${ALARM_SCHEMA};
  `,
  START_SCHEMA,
  "ALTER TABLE workspace ADD COLUMN used_at_ms INTEGER NOT NULL DEFAULT 0;",
  "ALTER TABLE runtime ADD COLUMN silent_since_ms INTEGER;",
  CHECKPOINT_SCHEMA,
] as const;
