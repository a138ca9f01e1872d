// Remembers the background tasks of the session's CLI: those that run, and the newest of those that have ended.
import { z } from "zod";
import { isMessageOf } from "../../shared/events/message-kind.ts";
import { type BackgroundTask, readTaskMessage } from "../../shared/tasks/schema.ts";

const MAX_ENDED = 50;

const runningSchema = z.object({
  type: z.literal("system"),
  subtype: z.literal("background_tasks_changed"),
  tasks: z.array(z.looseObject({ task_id: z.string(), task_type: z.string(), description: z.string() })),
});

export type TaskList = {
  /** Every message of the CLI. */
  heard(message: unknown): void;
  /** The CLI is gone, and its tasks with it. */
  onExit(): void;
  list(): BackgroundTask[];
};

export function createTaskList(now: () => Date): TaskList {
  const tasks = new Map<string, BackgroundTask>();
  /** Calls by task, also of tasks that run in the foreground until they move. */
  const calls = new Map<string, string>();

  const end = (task: BackgroundTask, status: BackgroundTask["status"], summary: string | null): void => {
    tasks.set(task.task_id, { ...task, status, summary, ended_at: task.ended_at ?? now().toISOString() });
    const ended = [...tasks.values()].filter((known) => known.status !== "running");
    for (const { task_id } of ended.slice(0, Math.max(0, ended.length - MAX_ENDED))) tasks.delete(task_id);
  };

  const setRunning = (running: z.infer<typeof runningSchema>["tasks"]): void => {
    const ids = new Set(running.map(({ task_id }) => task_id));
    for (const task of tasks.values()) {
      if (task.status === "running" && !ids.has(task.task_id)) end(task, "stopped", null);
    }
    for (const { task_id, task_type, description } of running) {
      if (tasks.get(task_id)?.status === "running") continue;
      const since = { started_at: now().toISOString(), ended_at: null, summary: null };
      const tool_use_id = calls.get(task_id) ?? null;
      tasks.set(task_id, {
        task_id,
        type: task_type,
        description: description.slice(0, 500),
        status: "running",
        tool_use_id,
        ...since,
      });
    }
  };

  return {
    heard(message) {
      if (!isMessageOf(message, "system")) return;
      const running = runningSchema.safeParse(message);
      if (running.success) return setRunning(running.data.tasks);
      const told = readTaskMessage(message);
      if (told === null) return;
      const known = tasks.get(told.task_id);
      if (told.subtype === "task_started") {
        const call = told.tool_use_id ?? null;
        if (call !== null) calls.set(told.task_id, call);
        if (known !== undefined) tasks.set(told.task_id, { ...known, tool_use_id: call });
      }
      if (told.subtype === "task_notification") {
        calls.delete(told.task_id);
        if (known !== undefined) end(known, told.status, told.summary);
      }
    },
    onExit() {
      calls.clear();
      for (const task of tasks.values()) {
        if (task.status === "running") end(task, "stopped", "Claude Code ended, and the task with it.");
      }
    },
    list: () => [...tasks.values()],
  };
}
