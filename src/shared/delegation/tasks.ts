// All kinds of delegated tasks.
import type { Task } from "./define-task.ts";
import { codeGeneration } from "./tasks/code-generation.ts";
import { codeReview } from "./tasks/code-review.ts";
import { debugging } from "./tasks/debugging.ts";
import { documentation } from "./tasks/documentation.ts";
import { fileOperation } from "./tasks/file-operation.ts";
import { gitOperation } from "./tasks/git-operation.ts";
import { testExecution } from "./tasks/test-execution.ts";

export const TASK_TYPES = [
  "code_generation",
  "code_review",
  "file_operation",
  "git_operation",
  "test_execution",
  "documentation",
  "debugging",
] as const;
export type TaskType = (typeof TASK_TYPES)[number];

export const TASKS: Readonly<Record<TaskType, Task>> = {
  code_generation: codeGeneration,
  code_review: codeReview,
  file_operation: fileOperation,
  git_operation: gitOperation,
  test_execution: testExecution,
  documentation,
  debugging,
};

/** The kind that an agent of ours stands for; null for any other agent. */
export function taskOfAgent(agentId: string): TaskType | null {
  return TASK_TYPES.find((type) => TASKS[type].pinned.agent.agent_id === agentId) ?? null;
}
