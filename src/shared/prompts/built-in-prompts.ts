// The prompts that Berth brings along: about one file, which comes with them as a resource.
import { z } from "zod";
import { filePathSchema, projectNameSchema } from "../projects/schema.ts";

export const REVIEW_TYPES = ["security", "performance", "style", "all"] as const;

const FOCUS: Record<(typeof REVIEW_TYPES)[number], string> = {
  security: "security: what an attacker could do with it, and where input is trusted that should not be",
  performance: "performance: what grows faster than it has to, waits where it need not, or is done twice",
  style: "style: what is hard to read or to change, and what departs from the rest of the code",
  all: "correctness, security, performance and style",
};

const file = {
  file_path: filePathSchema.describe("The file, by its path in the project."),
  project: projectNameSchema.optional().describe("The project; `default` when left out."),
};
const line = z.string().trim().min(1).max(500);

export type BuiltInPrompt = {
  name: string;
  title: string;
  description: string;
  arguments: z.ZodObject;
  /** Of arguments that have few values. */
  values: ReadonlyMap<string, readonly string[]>;
  text(args: Record<string, unknown>): string;
};

/** Which file is meant. */
export const promptFileSchema = z.object(file);

export const BUILT_IN_PROMPTS: readonly BuiltInPrompt[] = [
  define({
    name: "code_review",
    title: "Review a file",
    description: "Reviews one file of a project.",
    arguments: z.strictObject({
      ...file,
      review_type: z.enum(REVIEW_TYPES).default("all").describe("What to look for. Default all."),
    }),
    values: new Map([["review_type", REVIEW_TYPES]]),
    text: ({ file_path, review_type }) =>
      `Review the file ${file_path}, which is attached. Look for ${FOCUS[review_type]}. Give each finding with its line, how severe it is (critical, high, medium, low, info), what can happen because of it, and how to mend it; the most severe first. Leave out what you are not certain of, and say so when there is nothing to find.`,
  }),
  define({
    name: "refactor_suggestion",
    title: "Suggest a refactoring",
    description: "Suggests how a file could be built better without behaving differently.",
    arguments: z.strictObject({
      ...file,
      focus_area: line.optional().describe("What matters most, such as naming or error handling."),
    }),
    values: new Map(),
    text: ({ file_path, focus_area }) =>
      `Suggest how the file ${file_path}, which is attached, could be built better without behaving differently.${
        focus_area === undefined ? "" : ` What matters most: ${focus_area}.`
      } Give few suggestions, the most valuable first: what is wrong now, what it would become with the code of it, and what the change could break.`,
  }),
  define({
    name: "test_generation",
    title: "Write tests",
    description: "Writes tests for a file.",
    arguments: z.strictObject({
      ...file,
      test_framework: line.optional().describe("Such as vitest, pytest or go test. Without it, what the project uses."),
    }),
    values: new Map(),
    text: ({ file_path, test_framework }) =>
      `Write tests for the file ${file_path}, which is attached, ${
        test_framework === undefined ? "with the test framework that fits it" : `with ${test_framework}`
      }. Test what it promises to its callers, its limits, and how it fails; name each test as a sentence about behaviour. Leave out tests that cannot fail.`,
  }),
];

export function findBuiltIn(name: string): BuiltInPrompt | null {
  return BUILT_IN_PROMPTS.find((prompt) => prompt.name === name) ?? null;
}

function define<Args extends z.ZodObject>(
  prompt: Omit<BuiltInPrompt, "arguments" | "text"> & { arguments: Args; text(args: z.output<Args>): string },
): BuiltInPrompt {
  return { ...prompt, text: (args) => prompt.text(prompt.arguments.parse(args)) };
}
