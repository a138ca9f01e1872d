// Looks after the rows of what runs in one team: each session is asked, and a row that nobody answers for is removed.
import { z } from "zod";
import { SWEEP_AFTER_MS, SWEEP_EVERY_MS, SWEEP_ROWS } from "../../shared/processes/registry-policy.ts";
import type { SessionApi } from "../../shared/rpc/session-api.ts";
import type { AlarmClock } from "../alarms/alarm-clock.ts";
import { CALL_DEADLINE_MS, withDeadline } from "../deadline.ts";

const rowSchema = z.object({ session_id: z.string(), version: z.number() });
type Row = z.infer<typeof rowSchema>;

type Parts = {
  database: D1Database;
  session(sessionId: string): Pick<SessionApi, "reviewProcesses">;
  nowMs(): number;
  alarms: Pick<AlarmClock<"sweep">, "schedule" | "reschedule">;
  onError(error: unknown): void;
};

export type RegistrySweep = {
  /** The team has, or may soon have, rows. */
  schedule(): void;
  run(teamId: string): Promise<void>;
};

export function createRegistrySweep(parts: Parts): RegistrySweep {
  const nextMs = (): number => parts.nowMs() + SWEEP_EVERY_MS;
  return {
    schedule: () => parts.alarms.schedule("sweep", nextMs()),
    async run(teamId) {
      const { count, due } = await readRows(parts, teamId);
      // Set before the sessions are asked: a sweep that is cut off goes on.
      if (count > 0) parts.alarms.reschedule("sweep", nextMs());
      await Promise.all(due.map((row) => heal(parts, teamId, row).catch(parts.onError)));
    },
  };
}

/** All rows of the team by number, and those that nobody wrote for a while, the oldest first. */
async function readRows({ database, nowMs }: Parts, teamId: string): Promise<{ count: number; due: Row[] }> {
  const writtenBefore = new Date(nowMs() - SWEEP_AFTER_MS).toISOString();
  const [counted, due] = await database.batch([
    database.prepare("SELECT count(*) AS count FROM session_processes WHERE team_id = ?").bind(teamId),
    database
      .prepare(
        `SELECT session_id, version FROM session_processes WHERE team_id = ? AND updated_at < ?
         ORDER BY updated_at LIMIT ?`,
      )
      .bind(teamId, writtenBefore, SWEEP_ROWS),
  ]);
  const [{ count }] = z.tuple([z.object({ count: z.number() })]).parse(counted?.results);
  return { count, due: z.array(rowSchema).parse(due?.results) };
}

/** A session that exists owes the index the truth itself. A row of one that was deleted is owed by nobody. */
async function heal({ database, session }: Parts, teamId: string, row: Row): Promise<void> {
  const asked = session(row.session_id).reviewProcesses(teamId);
  const answered = await withDeadline(asked, CALL_DEADLINE_MS);
  if (answered.ok) return;
  await database
    .prepare("DELETE FROM session_processes WHERE session_id = ? AND team_id = ? AND version = ?")
    .bind(row.session_id, teamId, row.version)
    .run();
}
