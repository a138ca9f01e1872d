// get_checkpoint: one checkpoint with its place in the tree, its conversations and, when asked, its files.
import { z } from "zod";
import { conversationMarkSchema, omittedSchema } from "../../../shared/checkpoints/format.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { checkpointSchema, showCheckpoint } from "../checkpoint-view.ts";
import { takeShown } from "../answer-size-policy.ts";
import { badCursor } from "../page-cursor.ts";
import { checkpointIdField, cursorField, nextCursorField } from "../tool-fields.ts";

const fileSchema = z.object({
  path: z.string().describe("Bytes that are no plain text stand as \\xNN."),
  type: z.enum(["file", "directory", "symlink", "fifo"]),
  bytes: z.int(),
  mode: z.string().describe("Octal."),
  modified_at: z.string(),
  target: z.string().optional().describe("Of a symlink."),
});

export const getCheckpoint = defineTool({
  name: "get_checkpoint",
  title: "Get a checkpoint",
  description:
    "Gives a checkpoint: its message, sizes, place in the tree, and how far each conversation was. " +
    "With include_files its files by the page. No sandbox is started.",
  scope: "projects:read",
  toolset: "checkpoints",
  input: z.strictObject({
    checkpoint_id: checkpointIdField,
    include_files: z.boolean().default(false).describe("Also list its files, by the page."),
    limit: z.int().min(1).max(500).default(200).describe("Files to give at most, 1 to 500; default 200."),
    cursor: cursorField,
  }),
  output: z.object({
    checkpoint: checkpointSchema,
    parent: z.string().nullable().describe("The checkpoint before; null at a root."),
    children: z.array(z.string()),
    head_of: z.array(z.string()).describe("Branches that stand at it."),
    base_of: z.array(z.string()).describe("Branches that began from it."),
    conversations: z.array(conversationMarkSchema),
    omitted: z.array(omittedSchema).describe("What could not be kept; the first 100."),
    files: z.array(fileSchema).optional(),
    next_cursor: nextCursorField,
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run({ checkpoint_id, include_files, limit, cursor }, { principal, services }) {
    const { timeline, files } = services.checkpoints;
    const { row, neighbours, conversations, omitted } = await timeline.get(principal, checkpoint_id);
    const page = include_files ? await files.list(principal, row, { cursor: readCursor(cursor), limit }) : null;
    const { parent, children, head_of, base_of } = neighbours;
    return {
      checkpoint: showCheckpoint(row, true),
      parent,
      children,
      head_of,
      base_of,
      conversations: conversations.slice(0, 200),
      omitted: takeShown(omitted, 100),
      ...(page !== null && { files: page.files }),
      next_cursor: page === null || page.next === null ? null : `${page.next.chunk}.${page.next.entry}`,
    };
  },
});

function readCursor(text: string | undefined): { chunk: number; entry: number } {
  if (text === undefined) return { chunk: 0, entry: 0 };
  const [, chunk, entry] = /^(\d{1,6})\.(\d{1,6})$/.exec(text) ?? [];
  if (chunk === undefined || entry === undefined) throw badCursor();
  return { chunk: Number(chunk), entry: Number(entry) };
}
