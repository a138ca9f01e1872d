// The session's one row: whose it is, where it works, how it stands.
import { z } from "zod";
import { type ReportedUsage, reportedUsageSchema } from "../../shared/accounting/reported-usage.ts";
import { permissionModeSchema } from "../../shared/permissions/permission-mode.ts";
import { sessionStatusSchema, type SessionStatus } from "../../shared/sessions/schema.ts";
import type { ObjectSql } from "../sql/migrate.ts";

const sessionRowSchema = z.object({
  session_id: z.string(),
  team_id: z.string(),
  owner_id: z.string(),
  project_id: z.string(),
  project_name: z.string(),
  workspace_id: z.string(),
  branch: z.string(),
  git_url: z.string().nullable(),
  claude_session_id: z.string(),
  /** The conversation that this one began as a copy of; null for none. */
  forked_from_claude_session_id: z.string().nullable(),
  /** What it runs as; null for Claude Code itself. */
  agent_id: z.string().nullable(),
  /** What turns use that do not say otherwise. */
  preferred_model: z.string().nullable(),
  preferred_permission_mode: permissionModeSchema.nullable(),
  title: z.string(),
  status: sessionStatusSchema,
  status_reason: z.string().nullable(),
  runtime_id: z.string().nullable(),
  background_tasks: z.number(),
  /** The files in the conversation that this one began as a copy of. */
  inherited_attached_bytes: z.number(),
  /** What the CLI had counted by the newest result, over all turns. */
  cli_total_usd: z.number(),
  cli_usage: z.string().transform((text) => reportedUsageSchema.parse(JSON.parse(text))),
  cost_usd: z.number(),
  version: z.number(),
  created_at: z.string(),
  updated_at: z.string(),
});
export type SessionRow = z.infer<typeof sessionRowSchema>;

export type NewSession = Omit<
  SessionRow,
  | "agent_id"
  | "preferred_model"
  | "preferred_permission_mode"
  | "status"
  | "status_reason"
  | "runtime_id"
  | "background_tasks"
  | "inherited_attached_bytes"
  | "cli_total_usd"
  | "cli_usage"
  | "cost_usd"
  | "version"
  | "updated_at"
>;

/** What the CLI counts goes on over turns, resumes and forks. */
export type CliTotals = { cli_total_usd: number; cli_usage: ReportedUsage };
export const NO_CLI_TOTALS: CliTotals = { cli_total_usd: 0, cli_usage: {} };

export type SessionStore = {
  create(session: NewSession): void;
  /** The row; throws when the object was never created (callers check before). */
  get(): SessionRow;
  setStatus(status: SessionStatus, reason: string | null, at: string): void;
  setPreferences(preferences: Pick<SessionRow, "preferred_model" | "preferred_permission_mode">): void;
  setRuntime(runtimeId: string | null): void;
  setBackgroundTasks(running: number): void;
  /** The CLI's cumulative totals after a turn, and what that turn added in US dollars. */
  addCost(totals: CliTotals, turnUsd: number): void;
  setInheritedAttachedBytes(bytes: number): void;
  /** Marks the row as changed and gives its new version, which orders what reaches D1. */
  touch(at: string): number;
};

export function createSessionStore(sql: ObjectSql): SessionStore {
  return {
    create(session) {
      sql.exec(
        `INSERT INTO session (id, session_id, team_id, owner_id, project_id, project_name, workspace_id, branch, git_url,
           claude_session_id, forked_from_claude_session_id, title, status, created_at, updated_at)
         VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'queued', ?, ?)`,
        session.session_id,
        session.team_id,
        session.owner_id,
        session.project_id,
        session.project_name,
        session.workspace_id,
        session.branch,
        session.git_url,
        session.claude_session_id,
        session.forked_from_claude_session_id,
        session.title,
        session.created_at,
        session.created_at,
      );
    },
    get: () => sessionRowSchema.parse(sql.exec("SELECT * FROM session").one()),
    setStatus(status, reason, at) {
      sql.exec("UPDATE session SET status = ?, status_reason = ?, updated_at = ?", status, reason, at);
    },
    setPreferences({ preferred_model, preferred_permission_mode }) {
      sql.exec(
        "UPDATE session SET preferred_model = ?, preferred_permission_mode = ?",
        preferred_model,
        preferred_permission_mode,
      );
    },
    setRuntime(runtimeId) {
      sql.exec("UPDATE session SET runtime_id = ?", runtimeId);
    },
    setBackgroundTasks(running) {
      sql.exec("UPDATE session SET background_tasks = ?", running);
    },
    addCost({ cli_total_usd, cli_usage }, turnUsd) {
      sql.exec(
        "UPDATE session SET cli_total_usd = ?, cli_usage = ?, cost_usd = cost_usd + ?",
        cli_total_usd,
        JSON.stringify(cli_usage),
        turnUsd,
      );
    },
    setInheritedAttachedBytes(bytes) {
      sql.exec("UPDATE session SET inherited_attached_bytes = ?", bytes);
    },
    touch(at) {
      const cursor = sql.exec<{ version: number }>(
        "UPDATE session SET version = version + 1, updated_at = ? RETURNING version",
        at,
      );
      return cursor.one().version;
    },
  };
}
