// Asks the sandbox for the session's background tasks, and ends what a person names. Nothing is remembered, so nothing is stale.
import { z } from "zod";
import { answer, failure, type Answer } from "../../shared/errors/app-error.ts";
import type { SessionTasks } from "../../shared/rpc/session-api.ts";
import {
  type BackgroundTask,
  backgroundTaskSchema,
  type TaskOutput,
  taskOutputSchema,
} from "../../shared/tasks/schema.ts";
import { withDeadline } from "../deadline.ts";
import type { RunnerConnection } from "../runner/runner-connection.ts";
import type { RunnerLink } from "../runner/runner-link.ts";
import type { SessionLogParts } from "../sessions/session-log.ts";

const DEADLINE_MS = 10_000;

const AWAY = failure("sandbox_unavailable", "The sandbox does not answer. Try again in a moment.");
const UNKNOWN = failure(
  "task_not_found",
  "This session has no such background task. list_background_tasks shows those that run and those that ended lately.",
);
const NO_OUTPUT = failure(
  "task_not_found",
  "This task has no output to read: it is no command, or Claude Code has ended since. The session's events show what it said.",
);

type Parts = Pick<SessionLogParts, "sessions"> & { connection: RunnerConnection; onError(error: unknown): void };

export type TaskDesk = {
  list(): Promise<SessionTasks>;
  stop(taskId: string): Promise<Answer<{ stopped: boolean; task: BackgroundTask }>>;
  output(taskId: string): Promise<Answer<TaskOutput>>;
};

export function createTaskDesk({ sessions, connection, onError }: Parts): TaskDesk {
  /** A session that never ran anywhere has no link, and nothing that runs. */
  const openLink = async (): Promise<RunnerLink | null> => {
    const { runtime_id } = sessions.get();
    return runtime_id === null ? null : connection.open(runtime_id);
  };

  const ask = async <T>(question: (link: RunnerLink) => Promise<T>): Promise<T | null> => {
    const link = await openLink();
    if (link === null) return null;
    try {
      return await withDeadline(question(link), DEADLINE_MS);
    } catch (error) {
      onError(error);
      return null;
    }
  };

  const list = async (): Promise<SessionTasks> => {
    const found = await ask(async ({ runner }) => z.array(backgroundTaskSchema).parse(await runner.listTasks()));
    return { tasks: found ?? [], checked: found !== null || sessions.get().runtime_id === null };
  };

  return {
    list,
    async stop(taskId) {
      const { tasks, checked } = await list();
      if (!checked) return AWAY;
      const task = tasks.find(({ task_id }) => task_id === taskId);
      if (task === undefined) return UNKNOWN;
      if (task.status !== "running") return answer({ stopped: false, task });
      const stopped = await ask(({ runner }) => runner.stopTask({ task_id: taskId }));
      if (stopped === null) return AWAY;
      const after = (await list()).tasks.find(({ task_id }) => task_id === taskId);
      return answer({ ...stopped, task: after ?? task });
    },
    async output(taskId) {
      const { tasks, checked } = await list();
      if (!checked) return AWAY;
      if (!tasks.some(({ task_id }) => task_id === taskId)) return UNKNOWN;
      const found = await ask(async ({ runner }) =>
        z.object({ output: taskOutputSchema.nullable() }).parse(await runner.readTaskOutput({ task_id: taskId })),
      );
      if (found === null) return AWAY;
      return found.output === null ? NO_OUTPUT : answer(found.output);
    },
  };
}
