// Writes the beginning and the end of each background task into the log, once: what Claude Code says, and what went with it.
import { readTaskChange, type TaskChange } from "../../shared/tasks/schema.ts";
import type { EventStore } from "../events/event-store.ts";
import type { ObjectSql } from "../sql/migrate.ts";

/** Tasks that are in the log already are taken over from it. */
export const TASK_SCHEMA = `
  CREATE TABLE logged_tasks (
    task_id TEXT PRIMARY KEY,
    status TEXT NOT NULL
  ) WITHOUT ROWID;
  INSERT OR REPLACE INTO logged_tasks (task_id, status)
    SELECT json_extract(data, '$.task_id'), json_extract(data, '$.status') FROM events
    WHERE type = 'background_task_changed' AND json_extract(data, '$.task_id') IS NOT NULL
    ORDER BY seq;
`;

export const ENDED_WITH_CLAUDE_CODE = "Claude Code ended, and the task with it.";
export const ENDED_WITH_SANDBOX = "The sandbox is gone, and the task with it.";

type Moment = { turn_id: string | null; occurred_at?: string };

/** To be called inside the transaction that records the fact. */
export type TaskLog = {
  /** A message of Claude Code, and its number in the log. */
  heard(messageSeq: number, said: Moment & { message: unknown }): void;
  /** Whatever runs by the log runs no more, and nobody else will say so. */
  endAll(why: string, moment?: Moment): void;
};

export function createTaskLog(sql: ObjectSql, events: Pick<EventStore, "append">): TaskLog {
  const statusOf = (taskId: string): string | null =>
    sql.exec<{ status: string }>("SELECT status FROM logged_tasks WHERE task_id = ?", taskId).toArray()[0]?.status ??
    null;

  /** A second beginning, or a second end, says nothing new. */
  const isNews = ({ task_id, status }: TaskChange): boolean => {
    const before = statusOf(task_id);
    return before === null || (before === "running") !== (status === "running");
  };

  const write = (change: TaskChange, messageSeq: number | null, moment: Moment): void => {
    sql.exec("INSERT OR REPLACE INTO logged_tasks (task_id, status) VALUES (?, ?)", change.task_id, change.status);
    const data = { message_seq: messageSeq, ...change };
    events.append({ type: "background_task_changed", ...moment, data });
  };

  return {
    heard(messageSeq, { message, turn_id, occurred_at }) {
      const change = readTaskChange(message);
      if (change === null || !isNews(change)) return;
      write(change, messageSeq, { turn_id, ...(occurred_at === undefined ? {} : { occurred_at }) });
    },
    endAll(why, moment = { turn_id: null }) {
      const rows = sql.exec<{ task_id: string }>("SELECT task_id FROM logged_tasks WHERE status = 'running'").toArray();
      for (const { task_id } of rows) write({ task_id, status: "stopped", text: why }, null, moment);
    },
  };
}
