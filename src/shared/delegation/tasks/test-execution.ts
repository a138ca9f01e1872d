// test_execution: the project's tests are run, and counted.
import { z } from "zod";
import { defineTask, outsideProblems, pathsSchema, proseSchema } from "../define-task.ts";

const count = z.int().min(0).max(10_000_000);

export const testExecution = defineTask({
  type: "test_execution",
  agent_id: "0de1e9a7-0005-5000-8000-000000000005",
  version: 1,
  description: "Runs the project's tests and counts them.",
  parameters: z.strictObject({
    command: z.string().min(1).max(2_000).optional().describe("How the tests are run; found out when left out."),
    paths: pathsSchema.optional().describe("Only these tests."),
    coverage: z.boolean().default(false).describe("Measure coverage as well, where the project can."),
  }),
  instructions: `You run tests. Find out how the project runs its own (its manifest, its CI, its documentation) and run them so. Change no file, mend nothing, skip nothing. The counts are those that the test runner printed, never your own: run it again in a way that prints them where it did not. Give for each failure the test's name, its file, and what it said. If no test could be run, all counts are 0 and the summary says why.`,
  tools: ["Read", "Grep", "Glob", "Bash"],
  forbidden: ["Edit", "WebFetch", "WebSearch", "Bash(git push *)"],
  ask: ({ command, paths = [], coverage }) => [
    ...(command === undefined ? [] : [`Command: ${command}`]),
    ...paths.map((path) => `Only: ${path}`),
    ...(coverage ? ["Measure coverage."] : []),
  ],
  result: z.strictObject({
    summary: proseSchema,
    command: z.string().max(2_000),
    total: count,
    passed: count,
    failed: count,
    skipped: count,
    duration_seconds: z.number().min(0).nullable(),
    coverage_percent: z.number().min(0).max(100).nullable(),
    failures: z
      .array(
        z.strictObject({
          name: z.string().min(1).max(1_000),
          file: z.string().max(1_000).nullable(),
          message: proseSchema,
        }),
      )
      .max(500),
  }),
  problems: ({ total, passed, failed, skipped, failures }) => [
    ...(passed + failed + skipped === total ? [] : ["passed, failed and skipped do not add up to total"]),
    ...(failures.length > failed ? ["it gives more failures than it counted"] : []),
    ...(failed > 0 && failures.length === 0 ? ["tests failed, and none of them is named"] : []),
    ...outsideProblems(failures.flatMap(({ file }) => file ?? [])),
  ],
  code: () => [],
});
