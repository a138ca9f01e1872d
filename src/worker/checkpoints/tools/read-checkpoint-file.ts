// read_checkpoint_file: a part of one file as it was at a checkpoint.
import { z } from "zod";
import { defineTool } from "../../mcp/define-tool.ts";
import { checkpointIdField } from "../tool-fields.ts";

/** Escapes and base64 make text longer, and the answer carries it twice. */
const MAX_READ_BYTES = 24 * 1024;

export const readCheckpointFile = defineTool({
  name: "read_checkpoint_file",
  title: "Read a checkpoint's file",
  description:
    "Reads a file as it was at a checkpoint, from an offset in bytes, without a sandbox. " +
    "Text comes as text, anything else in base64. Each part is verified by its SHA-256.",
  scope: "projects:read",
  toolset: "checkpoints",
  input: z.strictObject({
    checkpoint_id: checkpointIdField,
    path: z.string().min(1).max(16_384).describe("The file's path, as get_checkpoint and diff_checkpoints write it."),
    offset: z.int().nonnegative().default(0).describe("Where to begin, in bytes. Default 0."),
    limit: z
      .int()
      .min(1)
      .max(MAX_READ_BYTES)
      .default(MAX_READ_BYTES)
      .describe(`How many bytes to give at most, 1 to ${MAX_READ_BYTES}; default ${MAX_READ_BYTES}.`),
  }),
  output: z.object({
    path: z.string(),
    encoding: z.enum(["utf-8", "base64"]),
    content: z.string(),
    offset: z.int(),
    bytes: z.int().describe("How many bytes of the file `content` stands for."),
    size: z.int().describe("The whole file's size in bytes."),
    next_offset: z.int().nullable().describe("Give this as offset for the next part; null at the end."),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run({ checkpoint_id, path, offset, limit }, { principal, services }) {
    const part = await services.checkpoints.files.read(principal, checkpoint_id, { path, offset, limit });
    const end = part.offset + part.bytes;
    return { path, ...part, next_offset: end < part.size && part.bytes > 0 ? end : null };
  },
});
