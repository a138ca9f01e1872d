// The workspace's own rows: what it is, which runtime it started last, which sessions talked to that one.
import { z } from "zod";
import type { RuntimeInfo, WorkspaceIdentity } from "../../shared/rpc/workspace-api.ts";
import type { ObjectSql } from "../sql/migrate.ts";

const flag = z.number().transform((value) => value === 1);
const workspaceRowSchema = z.object({
  workspace_id: z.string(),
  team_id: z.string(),
  project_id: z.string(),
  git_url: z.string().nullable(),
  has_files: flag,
  /** Everything that a fresh disk needs before its first turn is done. */
  prepared: flag,
  /** When somebody last worked in it, or looked into it. */
  used_at_ms: z.number(),
});
const runtimeRowSchema = z.object({
  boot_token: z.string(),
  runtime_id: z.string().nullable(),
  protocol_version: z.number().nullable(),
  files_lost: flag,
  /** Since when it gives no answer to a look at it; null while it does. */
  silent_since_ms: z.number().nullable(),
  /** The checkpoint that its empty disk was filled from. */
  restored: z
    .string()
    .nullable()
    .transform((text): RuntimeInfo["restored"] => (text === null ? null : JSON.parse(text))),
});
export type RuntimeRow = z.infer<typeof runtimeRowSchema>;

export type WorkspaceStore = {
  identify(identity: WorkspaceIdentity): void;
  get(): z.infer<typeof workspaceRowSchema> | null;
  setHasFiles(): void;
  setPrepared(prepared: boolean): void;
  markUsed(nowMs: number): void;
  runtime(): RuntimeRow | null;
  /** Written before the sandbox starts, so that a restart in between finds the token of what it meets. */
  beginRuntime(bootToken: string): void;
  identifyRuntime(runtime: { runtime_id: string; protocol_version: number; files_lost: boolean }): void;
  /** What a look at it found. */
  noteLook(look: { answered: boolean; nowMs: number }): void;
  noteRestored(restored: NonNullable<RuntimeInfo["restored"]>): void;
  forgetRuntime(): void;
  attach(sessionId: string): void;
  attached(): string[];
  /** Those that were attached; from here on none is. */
  takeAttached(): string[];
};

export function createWorkspaceStore(sql: ObjectSql): WorkspaceStore {
  return {
    identify(identity) {
      sql.exec(
        "INSERT OR IGNORE INTO workspace (id, workspace_id, team_id, project_id, git_url) VALUES (1, ?, ?, ?, ?)",
        identity.workspace_id,
        identity.team_id,
        identity.project_id,
        identity.git_url,
      );
    },
    get() {
      const [row] = sql.exec("SELECT * FROM workspace").toArray();
      return row === undefined ? null : workspaceRowSchema.parse(row);
    },
    setHasFiles() {
      sql.exec("UPDATE workspace SET has_files = 1");
    },
    setPrepared(prepared) {
      sql.exec("UPDATE workspace SET prepared = ?", prepared ? 1 : 0);
    },
    markUsed(nowMs) {
      sql.exec("UPDATE workspace SET used_at_ms = ?", nowMs);
    },
    runtime() {
      const [row] = sql.exec("SELECT * FROM runtime").toArray();
      return row === undefined ? null : runtimeRowSchema.parse(row);
    },
    beginRuntime(bootToken) {
      sql.exec("INSERT OR REPLACE INTO runtime (id, boot_token) VALUES (1, ?)", bootToken);
    },
    identifyRuntime(runtime) {
      sql.exec(
        "UPDATE runtime SET runtime_id = ?, protocol_version = ?, files_lost = ?, restored = NULL",
        runtime.runtime_id,
        runtime.protocol_version,
        runtime.files_lost ? 1 : 0,
      );
    },
    noteLook({ answered, nowMs }) {
      if (answered) sql.exec("UPDATE runtime SET silent_since_ms = NULL WHERE silent_since_ms IS NOT NULL");
      else sql.exec("UPDATE runtime SET silent_since_ms = ? WHERE silent_since_ms IS NULL", nowMs);
    },
    noteRestored: (restored) => void sql.exec("UPDATE runtime SET restored = ?", JSON.stringify(restored)),
    forgetRuntime() {
      sql.exec("DELETE FROM runtime");
    },
    attach(sessionId) {
      sql.exec("INSERT OR IGNORE INTO attached_sessions (session_id) VALUES (?)", sessionId);
    },
    attached: () => readIds(sql.exec<AttachedRow>("SELECT session_id FROM attached_sessions")),
    takeAttached: () => readIds(sql.exec<AttachedRow>("DELETE FROM attached_sessions RETURNING session_id")),
  };
}

type AttachedRow = { session_id: string };

function readIds(rows: Iterable<AttachedRow>): string[] {
  return Array.from(rows, (row) => row.session_id);
}
