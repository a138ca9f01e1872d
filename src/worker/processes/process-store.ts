// The index of what runs, in D1: filled by the Session objects' outbox, read here, and rid of rows that nobody owns.
import { and, asc, eq } from "drizzle-orm";
import { type RunningSession, runningSessionSchema } from "../../shared/processes/schema.ts";
import type { Database } from "../db/client.ts";
import { sessionProcesses, users } from "../db/schema.ts";

export type IndexedSession = { running: RunningSession; owner: string | null; version: number };

export type ProcessStore = {
  /** The team's rows, those that began first first. */
  listTeam(teamId: string, limit: number): Promise<IndexedSession[]>;
  /** Removes a row of a session that is not there any more, unless it was written anew meanwhile. */
  remove(row: { teamId: string; sessionId: string; version: number }): Promise<void>;
};

export function createProcessStore(db: Database): ProcessStore {
  return {
    async listTeam(teamId, limit) {
      const rows = await db
        .select({ row: sessionProcesses, owner: users.displayName })
        .from(sessionProcesses)
        .leftJoin(users, eq(users.id, sessionProcesses.ownerId))
        .where(eq(sessionProcesses.teamId, teamId))
        .orderBy(asc(sessionProcesses.sessionId))
        .limit(limit);
      return rows.map(({ row, owner }) => ({ running: toRunning(row), owner, version: row.version }));
    },
    async remove({ teamId, sessionId, version }) {
      const { sessionId: id, teamId: team, version: rowVersion } = sessionProcesses;
      await db.delete(sessionProcesses).where(and(eq(id, sessionId), eq(team, teamId), eq(rowVersion, version)));
    },
  };
}

function toRunning(row: typeof sessionProcesses.$inferSelect): RunningSession {
  const { lastEventSeq: seq, lastEventType: type, lastEventAt: at } = row;
  return runningSessionSchema.parse({
    session_id: row.sessionId,
    owner_id: row.ownerId,
    project_id: row.projectId,
    project: row.project,
    branch: row.branch,
    status: row.status,
    turn_id: row.turnId,
    runtime_id: row.runtimeId,
    pid: row.pid,
    started_at: row.startedAt,
    processes: row.processes,
    cpu_percent: row.cpuPercent,
    rss_bytes: row.rssBytes,
    last_event: seq === null ? null : { seq, type, at },
    checked_at: row.checkedAt,
  });
}
