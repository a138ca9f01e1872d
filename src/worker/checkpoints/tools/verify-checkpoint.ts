// verify_checkpoint: reads a checkpoint back from storage and names everything that is damaged.
import { z } from "zod";
import { defineTool } from "../../mcp/define-tool.ts";
import { checkpointIdField } from "../tool-fields.ts";

export const verifyCheckpoint = defineTool({
  name: "verify_checkpoint",
  title: "Verify a checkpoint",
  description:
    "Reads everything of a checkpoint back: each pack against its SHA-256, each blob in it, and that every file's pieces are there. " +
    "Names what is damaged and which files it hits. A large one takes several calls: go on with next_cursor.",
  scope: "projects:read",
  toolset: "checkpoints",
  input: z.strictObject({
    checkpoint_id: checkpointIdField,
    cursor: z.string().max(9_000).optional().describe("The next_cursor of the call before, to go on."),
  }),
  output: z.object({
    ok: z.boolean().describe("True when this call found no damage; the calls before may have."),
    packs_checked: z.int(),
    packs_total: z.int(),
    lists_checked: z.int().describe("Lists of files: each is checked after all packs."),
    lists_total: z.int(),
    bytes_checked: z.int(),
    findings: z.array(z.object({ pack: z.string(), problem: z.string() })),
    paths: z.array(z.string()).describe("Files that cannot be had whole."),
    next_cursor: z.string().nullable().describe("Give this as cursor to go on; null when everything was read."),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run({ checkpoint_id, cursor }, { principal, services, reportProgress, signal }) {
    const waiting = { reportProgress, signal };
    const found = await services.checkpoints.verifying.verify(principal, checkpoint_id, cursor ?? null, waiting);
    return { ok: found.findings.length === 0 && found.paths.length === 0, ...found };
  },
});
