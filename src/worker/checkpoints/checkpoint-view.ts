// A checkpoint as the tools show it: its row in words that a person knows, with what it takes.
import { z } from "zod";
import { type CheckpointRecord, changeCountsSchema, checkpointKindSchema } from "../../shared/checkpoints/schema.ts";

export const sizesSchema = z.object({
  logical_bytes: z.int().nonnegative().describe("All files' sizes."),
  stored_bytes: z.int().nonnegative().describe("What it added to storage, compressed and without what was there."),
  ratio: z.number().nullable().describe("logical_bytes / stored_bytes; null when nothing was added."),
});

export const checkpointSchema = z.object({
  checkpoint_id: z.string(),
  project: z.string(),
  branch: z.string(),
  parent_id: z.string().nullable(),
  kind: checkpointKindSchema,
  message: z.string(),
  tags: z.array(z.string()),
  author_id: z.string().nullable(),
  session_id: z.string().nullable(),
  turn_id: z.string().nullable(),
  event_seq: z.int().nullable().describe("The session's event that it belongs to."),
  model: z.string().nullable(),
  input_tokens: z.int().describe("Used in this branch since the parent."),
  output_tokens: z.int(),
  files: z.int(),
  changes: changeCountsSchema.describe("Against its parent."),
  sizes: sizesSchema,
  unstable_files: z.int().describe("Files that changed each time they were read."),
  omitted: z.int().describe("What cannot be kept, such as sockets."),
  created_at: z.string(),
});
export type ShownCheckpoint = z.input<typeof checkpointSchema>;

const MAX_SHOWN_MESSAGE = 300;

export function sizesOf(logicalBytes: number, storedBytes: number): z.input<typeof sizesSchema> {
  const ratio = storedBytes === 0 ? null : Math.round((logicalBytes / storedBytes) * 100) / 100;
  return { logical_bytes: logicalBytes, stored_bytes: storedBytes, ratio };
}

type Shown = CheckpointRecord & { project: string; branch: string; tags: string[] };

export function showCheckpoint(row: Shown, whole = false): ShownCheckpoint {
  const { manifest_sha256: _hash, bytes, stored_bytes, ...rest } = pick(row);
  const message = whole ? row.message : row.message.slice(0, MAX_SHOWN_MESSAGE);
  return { ...rest, message, sizes: sizesOf(bytes, stored_bytes) };
}

/** Rows of D1 carry ids that are nobody's business. */
function pick(row: Shown): Shown {
  const {
    project_id: _project,
    workspace_id: _workspace,
    ...rest
  } = row as Shown & {
    project_id?: string;
    workspace_id?: string;
  };
  return rest;
}
