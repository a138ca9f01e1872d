import { describe, expect, it } from "vitest";
import { createTaskList } from "./task-list.ts";

const running = (...ids: string[]) => ({
  type: "system",
  subtype: "background_tasks_changed",
  tasks: ids.map((task_id) => ({ task_id, task_type: "local_bash", description: `task ${task_id}` })),
});
const ended = (task_id: string, status: string) => ({
  type: "system",
  subtype: "task_notification",
  task_id,
  status,
  summary: `${task_id} is ${status}`,
  output_file: "/tmp/x",
});

function open() {
  let seconds = 0;
  const list = createTaskList(() => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds++)));
  return { list, statuses: () => Object.fromEntries(list.list().map(({ task_id, status }) => [task_id, status])) };
}

describe("the list of background tasks", () => {
  it("has what runs, and how it ended, in whatever order Claude Code says it [tasks.list]", () => {
    const { list, statuses } = open();
    list.heard({ type: "system", subtype: "task_started", task_id: "a", description: "x", tool_use_id: "toolu_1" });
    expect(list.list()).toEqual([]);
    list.heard(running("a", "b"));
    expect(list.list()[0]).toMatchObject({ task_id: "a", tool_use_id: "toolu_1", status: "running", ended_at: null });
    list.heard(ended("a", "completed"));
    list.heard(running("b"));
    list.heard(running());
    expect(statuses()).toEqual({ a: "completed", b: "stopped" });
    // The word about its end came after it had left the list.
    list.heard(ended("b", "failed"));
    expect(list.list()[1]).toMatchObject({ status: "failed", summary: "b is failed" });
  });

  it("says that all have stopped when Claude Code is gone, and keeps what had ended before [tasks.list]", () => {
    const { list, statuses } = open();
    list.heard(running("a", "b"));
    list.heard(ended("a", "completed"));
    list.onExit();
    expect(statuses()).toEqual({ a: "completed", b: "stopped" });
  });

  it("takes a task that runs again for a new run, and keeps only the newest that ended [tasks.list]", () => {
    const { list, statuses } = open();
    list.heard(running("a"));
    list.heard(ended("a", "completed"));
    list.heard(running("a"));
    expect(list.list()).toMatchObject([{ task_id: "a", status: "running", ended_at: null, summary: null }]);
    for (let index = 0; index < 80; index++) {
      list.heard(running("a", `n${index}`));
      list.heard(ended(`n${index}`, "completed"));
    }
    expect(list.list()).toHaveLength(51);
    expect(statuses()).toMatchObject({ a: "running", n79: "completed" });
  });

  it("passes over what it does not know [tasks.list]", () => {
    const { list } = open();
    for (const message of [null, "x", {}, { type: "system", subtype: "background_tasks_changed", tasks: "none" }]) {
      list.heard(message);
    }
    list.heard(ended("never-seen", "completed"));
    expect(list.list()).toEqual([]);
  });
});
