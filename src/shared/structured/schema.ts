// What a caller may ask of an answer's form: a JSON Schema for the whole, and prefixes of lines that are data.
import { z } from "zod";
import { findSchemaProblem } from "./output-schema-policy.ts";

export const MAX_PREFIXES = 20;

/** A JSON Schema, checked to be one. */
export const outputSchemaSchema = z.record(z.string(), z.unknown()).superRefine((schema, context) => {
  const message = findSchemaProblem(schema);
  if (message !== null) context.addIssue({ code: "custom", message });
});

/** A line that begins with one of them is an event of its own. */
export const prefixesSchema = z
  .array(
    z
      .string()
      .min(1)
      .max(64)
      .refine((prefix) => prefix.trim() !== "" && !/[\r\n]/.test(prefix), "must be the visible beginning of one line"),
  )
  .min(1)
  .max(MAX_PREFIXES)
  .refine((prefixes) => new Set(prefixes).size === prefixes.length, "must be different from each other");
