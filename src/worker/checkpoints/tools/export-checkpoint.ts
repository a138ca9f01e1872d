// export_checkpoint: where a checkpoint is to be had as a file, or its timeline as a git bundle.
import { z } from "zod";
import { defineTool } from "../../mcp/define-tool.ts";
import {
  checkpointIdField,
  idempotencyKeyField,
  operationFields,
  operationIdField,
  showOperation,
} from "../tool-fields.ts";

export const exportCheckpoint = defineTool({
  name: "export_checkpoint",
  title: "Export a checkpoint",
  description:
    "Gives a link to a checkpoint as a file, to be fetched with the same access token. `tar_zst`: all files, streamed from storage. " +
    "`git_bundle`: a git repository whose commits are the checkpoints up to this one; git makes it in the sandbox, and it is kept for a day.",
  scope: "projects:read",
  toolset: "checkpoints",
  input: z.strictObject({
    checkpoint_id: checkpointIdField,
    format: z.enum(["tar_zst", "git_bundle"]).default("tar_zst").describe("Default `tar_zst`."),
    operation_id: operationIdField,
    idempotency_key: idempotencyKeyField,
  }),
  output: z.object({
    url: z.string().nullable().describe("GET it with the access token of this connection; null while it is made."),
    name: z.string().nullable().describe("The file's name."),
    mime_type: z.string().nullable(),
    size: z.int().nullable().describe("Bytes; null when that shows only while it is read."),
    commits: z.int().nullable().describe("Of a git bundle."),
    operation: z.object(operationFields).nullable().describe("Of a git bundle: how far it is."),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  audited: true,
  async run({ checkpoint_id, format, operation_id, idempotency_key }, context) {
    const { principal, services, reportProgress, signal } = context;
    const { exporting } = services.checkpoints;
    if (format === "tar_zst") {
      return { ...(await exporting.locateTar(principal, checkpoint_id)), commits: null, operation: null };
    }
    const request = { checkpoint_id, operation_id: operation_id ?? null, idempotency_key: idempotency_key ?? null };
    const { view, place, commits } = await exporting.makeBundle(principal, request, { reportProgress, signal });
    const nowhere = { url: null, name: null, mime_type: null, size: null };
    return { ...(place ?? nowhere), commits, operation: showOperation(view) };
  },
  links: ({ url, name, mime_type, size }) =>
    url === null || name === null
      ? []
      : [
          {
            type: "resource_link",
            uri: url,
            name,
            ...(mime_type !== null && { mimeType: mime_type }),
            ...(size !== null && { size }),
          },
        ],
});
