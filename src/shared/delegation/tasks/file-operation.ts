// file_operation: files made, changed, moved, removed or looked for.
import { z } from "zod";
import { defineTask, outsideProblems, pathSchema, pathsSchema, proseSchema } from "../define-task.ts";

const OPERATIONS = ["create", "edit", "move", "delete", "search", "organize"] as const;

export const fileOperation = defineTask({
  type: "file_operation",
  agent_id: "0de1e9a7-0003-5000-8000-000000000003",
  version: 1,
  description: "Makes, changes, moves, removes or looks for files.",
  parameters: z.strictObject({
    operation: z.enum(OPERATIONS).optional().describe("What is to be done with the files."),
    paths: pathsSchema.optional().describe("Which files and folders."),
    dry_run: z.boolean().default(false).describe("Only say what would be done."),
  }),
  instructions: `You work on files as files. Look at what is there before you touch it, and touch nothing that the task does not name. Never follow a path out of the project's folder. What you move or rename, you look for in the other files, and mend what refers to it. Look at the result when you are done.`,
  tools: ["Read", "Write", "Edit", "Grep", "Glob", "Bash"],
  forbidden: ["WebFetch", "WebSearch", "Bash(git push *)"],
  ask: ({ operation, paths = [], dry_run }) => [
    ...(operation === undefined ? [] : [`Operation: ${operation}`]),
    ...paths.map((path) => `Path: ${path}`),
    ...(dry_run ? ["Change nothing: give as changes what you would do."] : []),
  ],
  result: z.strictObject({
    summary: proseSchema,
    changes: z
      .array(
        z.strictObject({
          path: pathSchema,
          action: z.enum(["created", "changed", "moved", "deleted", "found"]),
          /** Where a moved file was. */
          from: z.string().max(1_000).nullable(),
          note: z.string().max(2_000),
        }),
      )
      .max(1_000),
  }),
  problems: ({ changes }) => [
    ...outsideProblems(changes.map(({ path }) => path)),
    ...changes
      .filter(({ action, from }) => action === "moved" && (from === null || from === ""))
      .map(({ path }) => `${JSON.stringify(path.slice(0, 200))} was moved, and it is not said from where`),
  ],
  code: () => [],
});
