// code_review: findings about code, each with file, line and severity. It changes nothing.
import { z } from "zod";
import { defineTask, outsideProblems, pathSchema, pathsSchema, proseSchema } from "../define-task.ts";

export const REVIEW_TYPES = ["security", "performance", "style", "all"] as const;

export const SEVERITIES = ["critical", "high", "medium", "low", "info"] as const;

export const codeReviewParameters = z.strictObject({
  paths: pathsSchema.optional().describe("Files and folders to review. Without them, the whole project."),
  review_type: z.enum(REVIEW_TYPES).default("all").describe("What to look for. Default all."),
  base: z.string().min(1).max(200).optional().describe("Review what changed since this branch or commit alone."),
});

export const codeReview = defineTask({
  type: "code_review",
  agent_id: "0de1e9a7-0002-5000-8000-000000000002",
  version: 1,
  description: "Reviews code and gives findings with file, line and severity.",
  parameters: codeReviewParameters,
  instructions: `You review code. You read, and change nothing. Read the code that you are asked about whole, and what it calls as far as it matters. Report what is wrong, not what is different from your taste: each finding names one problem, what can happen because of it, and how to mend it. Be certain of each: look for what would refute it before you write it down. The line is where the problem begins in the file as it is now. critical: it can be exploited or loses data; high: it fails in ordinary use; medium: it fails in rare use, or will cost much later; low: it is worth mending; info: it is worth knowing. No finding is a good result when there is nothing to find.`,
  tools: ["Read", "Grep", "Glob", "Bash"],
  forbidden: ["Edit", "WebFetch", "WebSearch"],
  ask: ({ paths = [], review_type, base }) => [
    ...paths.map((path) => `Review: ${path}`),
    `Look for: ${review_type === "all" ? "correctness, security, performance and style" : review_type}`,
    ...(base === undefined ? [] : [`Only what changed since ${base}.`]),
  ],
  result: z.strictObject({
    summary: proseSchema,
    findings: z
      .array(
        z.strictObject({
          file: pathSchema,
          line: z.int().min(1).max(10_000_000),
          severity: z.enum(SEVERITIES),
          title: z.string().min(1).max(500),
          description: proseSchema,
          suggestion: z.string().max(20_000),
        }),
      )
      .max(500),
    files_reviewed: pathsSchema,
  }),
  problems: ({ findings, files_reviewed }) => [
    ...outsideProblems([...findings.map(({ file }) => file), ...files_reviewed]),
    ...(files_reviewed.length === 0 ? ["it names no file that was reviewed"] : []),
  ],
  code: () => [],
});
