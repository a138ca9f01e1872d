// create_upload: an address and a ticket for one file that a later prompt names.
import { z } from "zod";
import { fileNameSchema, mediaTypeSchema } from "../../../shared/attachments/schema.ts";
import { AppError } from "../../../shared/errors/app-error.ts";
import { MAX_ATTACHMENT_BYTES } from "../../../shared/limits.ts";
import { defineTool } from "../../mcp/define-tool.ts";

export const createUpload = defineTool({
  name: "create_upload",
  title: "Make room for a file",
  description:
    "Gives an address to which one file of at most 5 MB is sent with one HTTP PUT within ten minutes: an image " +
    "(PNG, JPEG, GIF, WebP), a PDF or a text. Its upload_id is then named in attachments of execute_claude, " +
    "for a day and as often as you like. The ticket in `headers` is used up by the file that it brings.",
  scope: "sessions:write",
  toolset: "attachments",
  input: z.strictObject({
    name: fileNameSchema.describe("The file's name, as Claude Code is to see it."),
    media_type: mediaTypeSchema.describe(
      "What the file is: image/png, image/jpeg, image/gif, image/webp, application/pdf, application/json, text/plain or another text/ type.",
    ),
    size_bytes: z.int().positive().optional().describe("The file's size, to hear at once when it is too large."),
  }),
  output: z.object({
    upload_id: z.string().describe("Give this to execute_claude in attachments."),
    url: z.string().describe("Where the file goes."),
    method: z.literal("PUT"),
    headers: z.record(z.string(), z.string()).describe("Send these with it. They are secret: they open this upload."),
    expires_at: z.string().describe("Until then the file has to be sent, ISO 8601."),
    max_bytes: z.int().positive(),
  }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
  async run({ size_bytes, ...file }, { principal, services }) {
    if (size_bytes !== undefined && size_bytes > MAX_ATTACHMENT_BYTES) {
      throw new AppError("request_too_large", `A file may have at most ${MAX_ATTACHMENT_BYTES} bytes.`);
    }
    const { ticket, media_type, ...upload } = await services.attachments.create(principal, file);
    const headers = { authorization: `Bearer ${ticket}`, "content-type": media_type };
    return { ...upload, method: "PUT" as const, headers, max_bytes: MAX_ATTACHMENT_BYTES };
  },
});
