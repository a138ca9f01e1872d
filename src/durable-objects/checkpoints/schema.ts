// The tables of a workspace's checkpoints and operations. docs/storage-schema.md explains the columns.
import { OUTBOX_SCHEMA } from "../outbox/outbox-store.ts";

export const CHECKPOINT_SCHEMA = `
  ALTER TABLE leases ADD COLUMN kind TEXT NOT NULL DEFAULT 'turn';
  ALTER TABLE runtime ADD COLUMN restored TEXT;
  CREATE TABLE timeline (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    strategy TEXT,
    head TEXT,
    visible_id TEXT,
    begun INTEGER NOT NULL DEFAULT 0,
    ended_turns INTEGER NOT NULL DEFAULT 0,
    saved_turns INTEGER NOT NULL DEFAULT 0,
    model TEXT,
    input_tokens INTEGER NOT NULL DEFAULT 0,
    output_tokens INTEGER NOT NULL DEFAULT 0
  );
  INSERT INTO timeline (id) VALUES (1);
  CREATE TABLE conversation_marks (
    session_id TEXT PRIMARY KEY,
    mark TEXT NOT NULL,
    changed_at INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE operations (
    operation_id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    turn_id TEXT UNIQUE,
    request TEXT NOT NULL,
    status TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT '{}',
    attempts INTEGER NOT NULL DEFAULT 0,
    retry_at INTEGER,
    result TEXT,
    error TEXT,
    created_at INTEGER NOT NULL,
    ended_at INTEGER
  ) WITHOUT ROWID;
  CREATE TABLE tellings (checkpoint_id TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
  ${OUTBOX_SCHEMA}
`;
