// export_usage_report: where a report on usage is to be had as a file.
import { z } from "zod";
import { AppError } from "../../../shared/errors/app-error.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { checkReportTime, readReportTime, REPORT_TIME_PROBLEM, reportTimeFields } from "../tool-fields.ts";

export const exportUsageReport = defineTool({
  name: "export_usage_report",
  title: "Export a usage report",
  description:
    "Gives a link to a file with a line for each day, person, project, agent and model: tokens, and cost in US dollars. " +
    "To be fetched with the same access token. An owner's has the whole team, everybody else's themselves.",
  scope: "sessions:read",
  toolset: "accounting",
  input: z.strictObject({
    ...reportTimeFields,
    format: z.enum(["csv", "json"]).default("csv").describe("`csv` for spreadsheets, `json` for programs."),
  }),
  output: z.object({
    url: z.string().describe("GET it with the access token of this connection."),
    name: z.string().describe("The file's name."),
    mime_type: z.string(),
    from: z.string().describe("First day."),
    to: z.string().describe("Last day."),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  audited: true,
  async run({ format, ...time }, { services }) {
    if (!checkReportTime(time))
      throw new AppError("invalid_argument", `The arguments are not valid: ${REPORT_TIME_PROBLEM}.`);
    return services.usage.locate(readReportTime(time), format);
  },
  links: ({ url, name, mime_type }) => [{ type: "resource_link", uri: url, name, mimeType: mime_type }],
});
