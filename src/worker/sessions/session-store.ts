// The index of sessions in D1, which the Session objects fill through their outbox; read here alone.
import { and, desc, eq, lt, notInArray, or, type SQL } from "drizzle-orm";
import { type SessionStatus, sessionStatusSchema } from "../../shared/sessions/schema.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import type { Database } from "../db/client.ts";
import { projects, sessionChoices, sessions } from "../db/schema.ts";

/** They take no prompt any more. */
export const OVER: readonly SessionStatus[] = ["ended", "failed"];

export type SessionRow = {
  session_id: string;
  project: string;
  title: string;
  status: SessionStatus;
  status_reason: string | null;
  turns: number;
  cost_usd: number;
  created_at: string;
  updated_at: string;
};

type SessionFilter = {
  project_id?: string;
  workspace_id?: string;
  status?: SessionStatus;
  statuses_not?: readonly SessionStatus[];
  /** Continue after this session, in the order of the list. */
  after: { created_at: string; session_id: string } | null;
  limit: number;
};

export type SessionStore = {
  /** The person's own sessions, newest first. */
  list(principal: Principal, filter: SessionFilter): Promise<SessionRow[]>;
  listProjectSessionIds(projectId: string): Promise<string[]>;
  /** The session that a call with an idempotency key reached, by the id that its key stands for. */
  findChoice(keyId: string): Promise<string | null>;
  /** Keeps the first choice of several, and gives that one. */
  keepChoice(keyId: string, sessionId: string): Promise<string>;
};

export function createSessionStore({ db, now }: { db: Database; now: () => Date }): SessionStore {
  const findChoice = async (keyId: string): Promise<string | null> => {
    const row = await db.select().from(sessionChoices).where(eq(sessionChoices.id, keyId)).get();
    return row?.sessionId ?? null;
  };
  return {
    async list(principal, filter) {
      const rows = await db
        .select({ session: sessions, project: projects.name })
        .from(sessions)
        .innerJoin(projects, eq(projects.id, sessions.projectId))
        .where(and(eq(sessions.teamId, principal.team_id), eq(sessions.ownerId, principal.user_id), ...narrow(filter)))
        .orderBy(desc(sessions.createdAt), desc(sessions.id))
        .limit(filter.limit);
      return rows.map(({ session, project }) => toSessionRow(session, project));
    },
    findChoice,
    async keepChoice(keyId, sessionId) {
      const createdAt = now().toISOString();
      await db.insert(sessionChoices).values({ id: keyId, sessionId, createdAt }).onConflictDoNothing();
      return (await findChoice(keyId)) ?? sessionId;
    },
    async listProjectSessionIds(projectId) {
      const rows = await db.select({ id: sessions.id }).from(sessions).where(eq(sessions.projectId, projectId));
      return rows.map((row) => row.id);
    },
  };
}

function narrow(filter: SessionFilter): (SQL | undefined)[] {
  const { after } = filter;
  return [
    filter.project_id === undefined ? undefined : eq(sessions.projectId, filter.project_id),
    filter.workspace_id === undefined ? undefined : eq(sessions.workspaceId, filter.workspace_id),
    filter.status === undefined ? undefined : eq(sessions.status, filter.status),
    filter.statuses_not === undefined ? undefined : notInArray(sessions.status, [...filter.statuses_not]),
    after === null
      ? undefined
      : or(
          lt(sessions.createdAt, after.created_at),
          and(eq(sessions.createdAt, after.created_at), lt(sessions.id, after.session_id)),
        ),
  ];
}

function toSessionRow(row: typeof sessions.$inferSelect, project: string): SessionRow {
  return {
    session_id: row.id,
    project,
    title: row.title,
    status: sessionStatusSchema.parse(row.status),
    status_reason: row.statusReason,
    turns: row.turns,
    cost_usd: row.costUsd,
    created_at: row.createdAt,
    updated_at: row.updatedAt,
  };
}
