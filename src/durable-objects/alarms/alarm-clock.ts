// One alarm, many due times: a small table of tasks. The next alarm is set before a step is done, and no step throws.
import type { ObjectSql } from "../sql/migrate.ts";

export const ALARM_SCHEMA = "CREATE TABLE due (task TEXT PRIMARY KEY, due_at INTEGER NOT NULL) WITHOUT ROWID";

/** A task that failed, or was cut off in its middle, is done again after this long. */
const RETRY_MS = 10_000;

type AlarmStorage = Pick<DurableObjectStorage, "setAlarm" | "deleteAlarm"> & { readonly sql: ObjectSql };

export type AlarmClock<Task extends string> = {
  /** Due at that time, or sooner when it was due sooner already. */
  schedule(task: Task, atMs: number): void;
  /** Due at that time, whatever it was before. */
  reschedule(task: Task, atMs: number): void;
  cancel(task: Task): void;
  dueAt(task: Task): number | null;
  /** Does what is due, one after the other. Never throws. */
  run(handlers: Record<Task, () => Promise<void> | void>, onError: (task: Task, error: unknown) => void): Promise<void>;
};

export function createAlarmClock<Task extends string>(storage: AlarmStorage, now: () => number): AlarmClock<Task> {
  const { sql } = storage;

  const setNext = (): void => {
    const [row] = sql.exec<{ next: number | null }>("SELECT min(due_at) AS next FROM due").toArray();
    if (typeof row?.next === "number") void storage.setAlarm(Math.max(row.next, now()));
    else void storage.deleteAlarm();
  };
  const put = (task: Task, atMs: number): void => {
    sql.exec(
      "INSERT INTO due (task, due_at) VALUES (?, ?) ON CONFLICT DO UPDATE SET due_at = excluded.due_at",
      task,
      atMs,
    );
    setNext();
  };
  const dueAt = (task: Task): number | null => {
    const [row] = sql.exec<{ due_at: number }>("SELECT due_at FROM due WHERE task = ?", task).toArray();
    return row?.due_at ?? null;
  };

  return {
    dueAt,
    reschedule: put,
    schedule(task, atMs) {
      const current = dueAt(task);
      if (current === null || atMs < current) put(task, atMs);
    },
    cancel(task) {
      sql.exec("DELETE FROM due WHERE task = ?", task);
      setNext();
    },
    async run(handlers, onError) {
      const due = sql.exec<{ task: Task }>("SELECT task FROM due WHERE due_at <= ? ORDER BY due_at", now()).toArray();
      for (const { task } of due) {
        const retryAt = now() + RETRY_MS;
        put(task, retryAt);
        try {
          await handlers[task]();
          sql.exec("DELETE FROM due WHERE task = ? AND due_at = ?", task, retryAt);
        } catch (error) {
          onError(task, error);
        }
      }
      setNext();
    },
  };
}
