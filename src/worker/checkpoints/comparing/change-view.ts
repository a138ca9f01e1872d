// A change as the tools show it.
import { z } from "zod";
import { CHANGE_STATUSES } from "../../../shared/checkpoints/entry-change-policy.ts";

const sideSchema = z.object({ bytes: z.int(), mode: z.string().describe("Octal.") });

export const changeSchema = z.object({
  status: z.enum([...CHANGE_STATUSES, "renamed"]),
  type: z.enum(["file", "directory", "symlink", "fifo"]),
  path: z.string().describe("Bytes that are no plain text stand as \\xNN."),
  from_path: z.string().nullable().describe("Where a renamed file was before."),
  before: sideSchema.nullable(),
  after: sideSchema.nullable(),
});
