// What the command tools share.
import { z } from "zod";
import { allowedToolsSchema, commandNameSchema, MAX_COMMAND_BODY_CHARS } from "../../shared/commands/command-schema.ts";
import { modelNameSchema } from "../../shared/sessions/schema.ts";

export const commandNameField = commandNameSchema.describe(
  "The command's name without the slash, such as review or git:review.",
);

/** Front matter counts into the text. */
const MAX_MARKDOWN_CHARS = MAX_COMMAND_BODY_CHARS + 16_000;

export const markdownField = z
  .string()
  .min(1)
  .max(MAX_MARKDOWN_CHARS)
  .describe(
    "The prompt in Markdown, as a whole file with front matter if you like. $ARGUMENTS stands for all arguments, $0, $1, … " +
      "for one each, counted from 0; @path brings a file in, !`command` a shell command's output.",
  );

export const commandFields = {
  description: z.string().max(1_000).optional().describe("What it does, in one line."),
  category: z.string().max(64).optional().describe("A word to list it under."),
  argument_hint: z.string().max(200).optional().describe("What to write after it, such as [file] [reason]."),
  allowed_tools: allowedToolsSchema
    .optional()
    .describe(
      "Permission rules for tools that run without a question while its prompt is worked on. A person confirms them.",
    ),
  model: modelNameSchema.optional().describe("The model that works on it."),
};
