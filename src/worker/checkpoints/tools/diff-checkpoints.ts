// diff_checkpoints: what differs between two checkpoints, or between one and the workspace.
import { z } from "zod";
import { branchNameSchema, checkpointIdSchema } from "../../../shared/checkpoints/schema.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import type { CompareRequest, Comparison } from "../comparing/comparing-service.ts";
import { changeSchema } from "../comparing/change-view.ts";
import { badCursor } from "../page-cursor.ts";
import { checkpointIdField, cursorField, nextCursorField, pathsField } from "../tool-fields.ts";

const count = (what: string) => z.int().nonnegative().describe(what);

export const diffCheckpoints = defineTool({
  name: "diff_checkpoints",
  title: "Compare checkpoints",
  description:
    "Compares two checkpoints, without a sandbox: counts, renames, and by the page each path with its unified diff. " +
    "Without `to` the workspace as it is now, which is kept as a checkpoint for it when something changed.",
  scope: "projects:read",
  toolset: "checkpoints",
  input: z.strictObject({
    from: checkpointIdField,
    to: checkpointIdSchema
      .optional()
      .describe("The checkpoint to compare with. Without it, the workspace of the branch that `from` is of."),
    branch: branchNameSchema.optional().describe("Without `to`: the branch whose workspace to compare with."),
    paths: pathsField.describe("Only these files, and folders with everything below."),
    include_diffs: z
      .boolean()
      .default(true)
      .describe("Give unified diffs of files. Default true; false for paths alone."),
    limit: z.int().min(1).max(200).default(50).describe("How many paths to give at most, 1 to 200; default 50."),
    cursor: cursorField,
  }),
  output: z.object({
    from: z.string(),
    to: z.string().describe("The checkpoint that was compared with; for the workspace the one that shows its state."),
    is_current: z.boolean().describe("False when the workspace has gone on since: `reason` says why."),
    reason: z.string().nullable(),
    summary: z.object({
      added: count("Paths that are new."),
      removed: count("Paths that are gone."),
      changed: count("Paths with other content."),
      mode_changed: count("Paths whose permissions alone changed."),
      renamed: count("Files with the same content elsewhere."),
      bytes_before: count("All files' sizes in `from`."),
      bytes_after: count("All files' sizes in `to`."),
    }),
    moved_folders: z.array(z.object({ from: z.string(), to: z.string(), files: z.int() })),
    changes: z.array(
      changeSchema.extend({
        diff: z.string().optional().describe("Unified."),
        note: z.string().optional().describe("Why there is no diff, or that it was cut."),
      }),
    ),
    complete: z.boolean().describe("False when there are more changes than can be listed; the counts are of all."),
    next_cursor: nextCursorField,
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run(args, { principal, services, reportProgress, signal }) {
    const position = readCursor(args.cursor);
    const request: CompareRequest = {
      from: args.from,
      // A page goes on with what the first one compared, whatever the workspace does meanwhile.
      to: args.to ?? position.to,
      branch: args.branch ?? null,
      paths: args.paths ?? null,
      with_diffs: args.include_diffs,
      offset: position.offset,
      limit: args.limit,
    };
    const compared = await services.checkpoints.comparing.compare(principal, request, { reportProgress, signal });
    return show(args.from, compared);
  },
});

function show(from: string, { to, is_current, reason, changes, page, next_offset }: Comparison) {
  return {
    from,
    to,
    is_current,
    reason,
    summary: changes.count,
    moved_folders: changes.folders.slice(0, 50),
    changes: page,
    complete: changes.complete,
    next_cursor: next_offset === null ? null : `${to}~${next_offset}`,
  };
}

function readCursor(text: string | undefined): { to: string | null; offset: number } {
  if (text === undefined) return { to: null, offset: 0 };
  const [to, offset = ""] = text.split("~");
  if (!checkpointIdSchema.safeParse(to).success || !/^\d{1,9}$/.test(offset)) throw badCursor();
  return { to: to ?? null, offset: Number(offset) };
}
