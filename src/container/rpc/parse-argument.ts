// Parses what came over the wire; a failure names the fields and repeats no values.
import type { z } from "zod";

export function parseArgument<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const fields = [...new Set(parsed.error.issues.map((issue) => issue.path.join(".") || "the argument"))];
  throw new Error(`This does not follow the runner's contract: ${fields.join(", ")}.`);
}
