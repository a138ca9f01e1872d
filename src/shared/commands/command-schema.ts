// A slash command as it is kept: what its front matter says, and its text.
import { z } from "zod";
import { parseRule } from "../permissions/rules/parse-rule.ts";
import { modelNameSchema } from "../sessions/schema.ts";

export const MAX_COMMAND_BODY_CHARS = 100_000;
const MAX_ALLOWED_TOOLS = 50;

/** `review` or `git:review`: each part but the last is a folder. Small letters alone, since some disks know no others. */
export const commandNameSchema = z
  .string()
  .max(100)
  .regex(
    /^[a-z0-9][a-z0-9_-]*(?::[a-z0-9][a-z0-9_-]*){0,3}$/,
    "must be of a-z, 0-9, _ and -, in at most four parts with colons between, such as git:review",
  );

const line = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .refine((text) => !/\p{Cc}/u.test(text), "must be one line");

/** Tools that run without a question while the command's prompt is worked on: permission rules. */
export const allowedToolsSchema = z
  .array(
    z.string().superRefine((rule, context) => {
      const reading = parseRule(rule);
      if (!reading.ok) context.addIssue({ code: "custom", message: `${rule}: the rule ${reading.reason}` });
      else if (rule === "*" || rule === "mcp__*")
        context.addIssue({ code: "custom", message: `${rule} names no tool` });
    }),
  )
  .max(MAX_ALLOWED_TOOLS);

export const commandSchema = z.strictObject({
  description: line(1_000).nullable(),
  category: line(64).nullable(),
  argument_hint: line(200).nullable(),
  allowed_tools: allowedToolsSchema,
  model: modelNameSchema.nullable(),
  body: z.string().min(1).max(MAX_COMMAND_BODY_CHARS),
});
export type Command = z.infer<typeof commandSchema>;
