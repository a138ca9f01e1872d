// The D1 tables: what is asked about across sessions. Every row carries its team; times are ISO 8601 text.
// Those of configuration, of MCP servers and of usage lie beside this file.
// `sessions` is filled by the Session object's outbox, with upserts that may come again.
import { sql } from "drizzle-orm";
import { index, integer, primaryKey, real, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

export const users = sqliteTable(
  "users",
  {
    id: text().primaryKey(),
    /** How this person signs in. There is at most one `local` user. */
    kind: text({ enum: ["local"] }).notNull(),
    displayName: text().notNull(),
    createdAt: text().notNull(),
  },
  (table) => [
    uniqueIndex("users_local")
      .on(table.kind)
      .where(sql`kind = 'local'`),
  ],
);

export const teams = sqliteTable("teams", {
  id: text().primaryKey(),
  name: text().notNull(),
  createdAt: text().notNull(),
  /** Counts every change of configuration at any scope: who knows the number knows whether anything changed. */
  configurationVersion: integer().notNull().default(0),
});

export const memberships = sqliteTable(
  "memberships",
  {
    teamId: text()
      .notNull()
      .references(() => teams.id),
    userId: text()
      .notNull()
      .references(() => users.id),
    role: text({ enum: ["owner", "member"] }).notNull(),
    createdAt: text().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.teamId, table.userId] }),
    index("memberships_user").on(table.userId, table.createdAt),
  ],
);

export const projects = sqliteTable(
  "projects",
  {
    id: text().primaryKey(),
    teamId: text().notNull(),
    ownerId: text().notNull(),
    name: text().notNull(),
    gitUrl: text(),
    createdAt: text().notNull(),
    deletedAt: text(),
    /** Null for the default; see shared/checkpoints/schema.ts. */
    checkpointStrategy: text(),
    /** JSON, shared/checkpoints/retention-policy.ts; null keeps everything. */
    checkpointRetention: text(),
  },
  (table) => [
    uniqueIndex("projects_live_name")
      .on(table.teamId, table.ownerId, table.name)
      .where(sql`deleted_at is null`),
  ],
);

export const workspaces = sqliteTable(
  "workspaces",
  {
    id: text().primaryKey(),
    teamId: text().notNull(),
    projectId: text()
      .notNull()
      .references(() => projects.id),
    branch: text().notNull(),
    createdAt: text().notNull(),
    /** The newest checkpoint, autosaves included: set by the Workspace object. */
    headCheckpointId: text(),
    /** What a branch began from; null for one that began empty or with a clone. */
    baseCheckpointId: text(),
    /** Keeps the name of a deleted branch for its checkpoints. */
    deletedAt: text(),
  },
  (table) => [
    uniqueIndex("workspaces_live_branch")
      .on(table.projectId, table.branch)
      .where(sql`deleted_at is null`),
  ],
);

/** The timeline: a tree of versions of workspaces. Filled by the Workspace objects' outbox once manifest and packs are stored. */
export const checkpoints = sqliteTable(
  "checkpoints",
  {
    id: text().primaryKey(),
    teamId: text().notNull(),
    projectId: text().notNull(),
    workspaceId: text().notNull(),
    parentId: text(),
    kind: text().notNull(),
    manifestSha256: text().notNull(),
    message: text().notNull(),
    /** A JSON list of words: tagged ones are kept by every retention. */
    tags: text().notNull().default("[]"),
    authorId: text(),
    sessionId: text(),
    turnId: text(),
    eventSeq: integer(),
    model: text(),
    inputTokens: integer().notNull(),
    outputTokens: integer().notNull(),
    files: integer().notNull(),
    /** Sizes of all files. */
    bytes: integer().notNull(),
    /** What taking it added to storage. */
    storedBytes: integer().notNull(),
    added: integer().notNull(),
    changed: integer().notNull(),
    removed: integer().notNull(),
    unstableFiles: integer().notNull(),
    omitted: integer().notNull(),
    createdAt: text().notNull(),
  },
  (table) => [
    index("checkpoints_project").on(table.projectId, table.createdAt),
    index("checkpoints_workspace").on(table.workspaceId, table.createdAt),
    index("checkpoints_parent").on(table.parentId),
  ],
);

/** Packs in the bucket. A condemned one is being removed and takes no new name. */
export const checkpointPacks = sqliteTable(
  "checkpoint_packs",
  {
    teamId: text().notNull(),
    sha256: text().notNull(),
    bytes: integer().notNull(),
    storedAt: text().notNull(),
    condemnedAt: text(),
  },
  (table) => [
    primaryKey({ columns: [table.teamId, table.sha256] }),
    index("checkpoint_packs_age").on(table.teamId, table.storedAt),
  ],
);

/** Which checkpoint names which pack. */
export const checkpointPackRefs = sqliteTable(
  "checkpoint_pack_refs",
  {
    checkpointId: text().notNull(),
    teamId: text().notNull(),
    packSha256: text().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.checkpointId, table.packSha256] }),
    index("checkpoint_pack_refs_pack").on(table.teamId, table.packSha256),
  ],
);

export const sessions = sqliteTable(
  "sessions",
  {
    id: text().primaryKey(),
    teamId: text().notNull(),
    ownerId: text().notNull(),
    projectId: text().notNull(),
    workspaceId: text().notNull(),
    title: text().notNull(),
    status: text().notNull(),
    statusReason: text(),
    turns: integer().notNull(),
    cursor: integer().notNull(),
    costUsd: real().notNull(),
    createdAt: text().notNull(),
    updatedAt: text().notNull(),
    /** Grows with each state of the session; an upsert of an older one changes nothing. */
    version: integer().notNull(),
  },
  (table) => [
    index("sessions_owner").on(table.teamId, table.ownerId, table.createdAt),
    index("sessions_project").on(table.projectId, table.createdAt),
  ],
);

/** Which session a call with continue_session and an idempotency_key went on with, so that its repeat does too. */
export const sessionChoices = sqliteTable("session_choices", {
  /** A hash of team, person and key; see sessions/session-id-policy.ts. */
  id: text().primaryKey(),
  sessionId: text().notNull(),
  createdAt: text().notNull(),
});

/** What runs across a team: one row a session that works or waits. Kept by the Session objects, healed by a sweep. */
export const sessionProcesses = sqliteTable(
  "session_processes",
  {
    sessionId: text().primaryKey(),
    teamId: text().notNull(),
    ownerId: text().notNull(),
    projectId: text().notNull(),
    project: text().notNull(),
    branch: text().notNull(),
    status: text().notNull(),
    turnId: text(),
    runtimeId: text(),
    /** Claude Code's own process. */
    pid: integer(),
    startedAt: text(),
    processes: integer().notNull(),
    cpuPercent: real().notNull(),
    rssBytes: integer().notNull(),
    lastEventSeq: integer(),
    lastEventType: text(),
    lastEventAt: text(),
    /** When the sandbox said so; null before it said anything. */
    checkedAt: text(),
    updatedAt: text().notNull(),
    /** Grows with time; an upsert of an older one changes nothing. */
    version: integer().notNull(),
  },
  (table) => [index("session_processes_team").on(table.teamId, table.updatedAt)],
);

/** Wrong sign-in codes, counted per window of time; see auth/sign-in-policy.ts. */
export const signInAttempts = sqliteTable("sign_in_attempts", {
  /** Which lock the count belongs to. */
  id: text().primaryKey(),
  failures: integer().notNull(),
  /** Milliseconds since 1970; the count begins anew after this. */
  windowEndsAtMs: integer().notNull(),
});

/** Files on their way to a prompt: a ticket opens one PUT, and what came lies in R2 until it expires. */
export const uploads = sqliteTable(
  "uploads",
  {
    id: text().primaryKey(),
    teamId: text().notNull(),
    ownerId: text().notNull(),
    name: text().notNull(),
    mediaType: text().notNull(),
    ticketSha256: text().notNull(),
    ticketExpiresAt: text().notNull(),
    createdAt: text().notNull(),
    expiresAt: text().notNull(),
    /** Null until its bytes came. */
    sha256: text(),
    bytes: integer(),
  },
  (table) => [index("uploads_owner").on(table.teamId, table.ownerId), index("uploads_expiry").on(table.expiresAt)],
);

/** Browsers in which a person is signed in, for the pages. */
export const browserSessions = sqliteTable(
  "browser_sessions",
  {
    /** Of what the cookie holds. */
    sha256: text().primaryKey(),
    userId: text()
      .notNull()
      .references(() => users.id),
    createdAtMs: integer().notNull(),
    expiresAtMs: integer().notNull(),
  },
  (table) => [index("browser_sessions_expiry").on(table.expiresAtMs)],
);
