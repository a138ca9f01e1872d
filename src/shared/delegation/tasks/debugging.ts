// debugging: the cause of a fault, where it is, and whether it is mended.
import { z } from "zod";
import { defineTask, outsideProblems, pathSchema, pathsSchema, proseSchema } from "../define-task.ts";

export const debugging = defineTask({
  type: "debugging",
  agent_id: "0de1e9a7-0007-5000-8000-000000000007",
  version: 1,
  description: "Finds the cause of a fault, and mends it where that is wanted.",
  parameters: z.strictObject({
    error: z.string().min(1).max(50_000).optional().describe("The message or stack trace."),
    reproduce: z.string().min(1).max(5_000).optional().describe("How to see it."),
    paths: pathsSchema.optional().describe("Where to look first."),
    fix: z.boolean().default(true).describe("Mend it. Without it, only the cause is looked for."),
  }),
  instructions: `You find the causes of faults. See the fault first: reproduce it, best by a test that fails. Follow it to its cause; a place that only shows it is not the cause. Form one explanation at a time and try to refute it. If you are to mend it, mend the cause with the smallest change, and see that what failed passes and what passed still does. Where you could not see the fault, say so, and give what you are certain of.`,
  tools: null,
  forbidden: ["WebFetch", "WebSearch", "Bash(git push *)", "Bash(git commit *)"],
  ask: ({ error, reproduce, paths = [], fix }) => [
    ...(error === undefined ? [] : [`What it says:\n${error}`]),
    ...(reproduce === undefined ? [] : [`How to see it: ${reproduce}`]),
    ...paths.map((path) => `Look first at: ${path}`),
    fix ? "Mend it." : "Change nothing: only find the cause.",
  ],
  result: z.strictObject({
    summary: proseSchema,
    reproduced: z.boolean(),
    root_cause: proseSchema,
    locations: z
      .array(z.strictObject({ file: pathSchema, line: z.int().min(1).max(10_000_000), why: z.string().max(5_000) }))
      .max(50),
    fixed: z.boolean(),
    changed_files: pathsSchema,
    verification: z.string().max(20_000),
  }),
  problems: ({ locations, changed_files, fixed, verification }) => [
    ...outsideProblems([...locations.map(({ file }) => file), ...changed_files]),
    ...(fixed && changed_files.length === 0 ? ["it says that it is mended, and names no changed file"] : []),
    ...(fixed && verification.trim() === "" ? ["it says that it is mended, and not how that was seen"] : []),
  ],
  code: ({ changed_files }) => changed_files,
});
