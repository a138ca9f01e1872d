// git_operation: work with the project's git repository. Nothing is pushed.
import { z } from "zod";
import { defineTask, outsideProblems, pathsSchema, proseSchema } from "../define-task.ts";

const OPERATIONS = ["status", "commit", "branch", "merge", "rebase", "cherry_pick", "revert", "log", "diff"] as const;

const COMMIT = /^[0-9a-f]{7,64}$/;

export const gitOperation = defineTask({
  type: "git_operation",
  agent_id: "0de1e9a7-0004-5000-8000-000000000004",
  version: 1,
  description: "Works with the project's git repository; pushes nothing.",
  parameters: z.strictObject({
    operation: z.enum(OPERATIONS).optional().describe("Which operation of git."),
    branch: z.string().min(1).max(200).optional().describe("The branch that it is about."),
    message: z.string().min(1).max(5_000).optional().describe("The commit's message."),
    paths: pathsSchema.optional().describe("Only these files."),
  }),
  instructions: `You work with git. Look at the status before and after. Commit only what belongs together, with messages in the manner of the repository's own. Never rewrite what others may have, never force, never push, and throw away no work that is not committed. Solve conflicts by what both sides meant; where that cannot be told, stop and leave the repository as it was.`,
  tools: ["Read", "Write", "Edit", "Grep", "Glob", "Bash"],
  forbidden: ["WebFetch", "WebSearch", "Bash(git push *)", "Bash(git reset --hard *)", "Bash(git clean *)"],
  ask: ({ operation, branch, message, paths = [] }) => [
    ...(operation === undefined ? [] : [`Operation: ${operation}`]),
    ...(branch === undefined ? [] : [`Branch: ${branch}`]),
    ...(message === undefined ? [] : [`Message: ${message}`]),
    ...paths.map((path) => `Path: ${path}`),
  ],
  result: z.strictObject({
    summary: proseSchema,
    branch: z.string().max(300).nullable(),
    commits: z.array(z.strictObject({ hash: z.string().max(64), subject: z.string().max(1_000) })).max(200),
    files: pathsSchema,
    clean: z.boolean(),
  }),
  problems: ({ commits, files }) => [
    ...outsideProblems(files),
    ...commits
      .filter(({ hash }) => !COMMIT.test(hash))
      .map(({ hash }) => `${JSON.stringify(hash)} is no commit's hash`),
  ],
  code: () => [],
});
