// export_session: where a session's whole log is to be had as a file.
import { z } from "zod";
import { uuidSchema } from "../../../shared/ids.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { EXPORT_FORMAT_NAMES } from "../export-formats.ts";

export const exportSession = defineTool({
  name: "export_session",
  title: "Export a session",
  description:
    "Gives a link to the session's whole log as a file, to be fetched with the same access token. " +
    "`jsonl`: one event per line as stored, with long messages whole. `markdown`: a readable transcript of prompts, " +
    "Claude's texts, tool calls and results (shortened) and costs. Works for ended and archived sessions, too.",
  scope: "sessions:read",
  toolset: "archive",
  input: z.strictObject({
    session_id: uuidSchema.describe("The session's id, as list_sessions gives it."),
    format: z.enum(EXPORT_FORMAT_NAMES).default("jsonl").describe("`jsonl` for programs, `markdown` for people."),
  }),
  output: z.object({
    url: z.string().describe("GET it with the access token of this connection."),
    name: z.string().describe("The file's name."),
    mime_type: z.string(),
    size: z
      .int()
      .nullable()
      .describe("Bytes, as the log is now; null for markdown, whose size shows when it is written."),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  audited: true,
  async run({ session_id, format }, { principal, services }) {
    const { session: _session, ...place } = await services.archive.locate(principal, session_id, format);
    return place;
  },
  links: ({ url, name, mime_type, size }) => [
    { type: "resource_link", uri: url, name, mimeType: mime_type, ...(size === null ? {} : { size }) },
  ],
});
