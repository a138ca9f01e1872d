// export_audit_log: where the audit log of a time is to be had as a file.
import { z } from "zod";
import { defineTool } from "../../mcp/define-tool.ts";

export const exportAuditLog = defineTool({
  name: "export_audit_log",
  title: "Export the audit log",
  description:
    "Gives a link to a file with every entry of those days, each with its hashes. To be fetched with the same access " +
    "token. For owners of the team.",
  scope: "sessions:read",
  toolset: "audit",
  input: z.strictObject({
    from: z.iso.date().describe("First day in UTC, such as 2026-11-01."),
    to: z.iso.date().describe("Last day, included."),
    format: z.enum(["csv", "json"]).default("json").describe("`csv` for spreadsheets, `json` for programs."),
  }),
  output: z.object({
    url: z.string().describe("GET it with the access token of this connection."),
    name: z.string().describe("The file's name."),
    mime_type: z.string(),
    from: z.string(),
    to: z.string(),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  audited: true,
  run: async ({ format, ...time }, { principal, services }) => services.audit.locate(principal, time, format),
  links: ({ url, name, mime_type }) => [{ type: "resource_link", uri: url, name, mimeType: mime_type }],
});
