// code_generation: new code in the project's files. It has to be there, and to parse.
import { z } from "zod";
import { defineTask, outsideProblems, pathSchema, proseSchema } from "../define-task.ts";

export const codeGenerationParameters = z.strictObject({
  language: z.string().min(1).max(60).optional().describe("The programming language."),
  target_path: pathSchema.optional().describe("The file or folder where it belongs."),
  requirements: z.array(z.string().min(1).max(2_000)).max(50).optional().describe("What it has to do, one by one."),
  include_tests: z.boolean().optional().describe("Write tests as well. Default: as the project does."),
});

export const codeGeneration = defineTask({
  type: "code_generation",
  agent_id: "0de1e9a7-0001-5000-8000-000000000001",
  version: 1,
  description: "Writes code into the project's files.",
  parameters: codeGenerationParameters,
  instructions: `You write production code. Look first how the project is built: its language, style, names, libraries and tests. Write code that looks as if its authors had written it, complete, without placeholders, and no more of it than the task asks for. Read every file again after you wrote it. Where the project has a cheap way to check code (a type check, a linter), run it.`,
  tools: null,
  forbidden: ["WebFetch", "WebSearch", "Bash(git push *)", "Bash(git commit *)"],
  ask: ({ language, target_path, requirements = [], include_tests }) => [
    ...(language === undefined ? [] : [`Language: ${language}`]),
    ...(target_path === undefined ? [] : [`Where: ${target_path}`]),
    ...requirements.map((requirement) => `It has to: ${requirement}`),
    ...(include_tests === undefined ? [] : [include_tests ? "Write tests for it." : "Write no tests."]),
  ],
  result: z.strictObject({
    summary: proseSchema,
    files: z
      .array(
        z.strictObject({ path: pathSchema, action: z.enum(["created", "changed"]), purpose: z.string().max(2_000) }),
      )
      .min(1)
      .max(200),
    how_to_use: z.string().max(20_000),
    open_points: z.array(z.string().max(2_000)).max(50),
  }),
  problems: ({ files }) => outsideProblems(files.map(({ path }) => path)),
  code: ({ files }) => files.map(({ path }) => path),
});
