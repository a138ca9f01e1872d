// documentation: texts about the project, in its files.
import { z } from "zod";
import { defineTask, outsideProblems, pathSchema, pathsSchema, proseSchema } from "../define-task.ts";

export const documentation = defineTask({
  type: "documentation",
  agent_id: "0de1e9a7-0006-5000-8000-000000000006",
  version: 1,
  description: "Writes documentation into the project's files.",
  parameters: z.strictObject({
    paths: pathsSchema.optional().describe("What to document."),
    target_path: pathSchema.optional().describe("The file or folder where the text belongs."),
    audience: z.string().min(1).max(500).optional().describe("Who reads it."),
    style: z.enum(["readme", "reference", "guide", "comments", "changelog"]).optional().describe("Which kind of text."),
  }),
  instructions: `You write documentation. Read the code first: every sentence has to be true of it as it is now, and every example has to run. Write for the reader who is named, in the project's language and form; short sentences, the most important first, nothing that the code says better itself. Change no code apart from its comments.`,
  tools: ["Read", "Write", "Edit", "Grep", "Glob", "Bash"],
  forbidden: ["WebFetch", "WebSearch", "Bash(git push *)", "Bash(git commit *)"],
  ask: ({ paths = [], target_path, audience, style }) => [
    ...paths.map((path) => `Document: ${path}`),
    ...(target_path === undefined ? [] : [`Where: ${target_path}`]),
    ...(audience === undefined ? [] : [`For: ${audience}`]),
    ...(style === undefined ? [] : [`Kind: ${style}`]),
  ],
  result: z.strictObject({
    summary: proseSchema,
    files: z
      .array(z.strictObject({ path: pathSchema, sections: z.array(z.string().max(500)).max(200) }))
      .min(1)
      .max(200),
    open_points: z.array(z.string().max(2_000)).max(50),
  }),
  problems: ({ files }) => outsideProblems(files.map(({ path }) => path)),
  code: ({ files }) => files.map(({ path }) => path),
});
