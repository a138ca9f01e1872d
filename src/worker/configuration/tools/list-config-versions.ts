// list_config_versions: what was changed at one scope, by whom and when.
import { z } from "zod";
import { defineTool } from "../../mcp/define-tool.ts";
import { placeFields, toPlaceRequest } from "../tool-fields.ts";

const MAX_PAGE = 100;

export const listConfigVersions = defineTool({
  name: "list_config_versions",
  title: "List versions of the configuration",
  description: "Lists the changes of one scope's configuration, newest first. restore_config_version goes back to one.",
  scope: "configuration:read",
  toolset: "configuration",
  input: z.strictObject({
    ...placeFields,
    before_version: z.int().positive().optional().describe("The last version of the page before."),
    limit: z.int().min(1).max(MAX_PAGE).default(20).describe("Versions in one page."),
  }),
  output: z.object({
    versions: z.array(
      z.object({
        version: z.int(),
        summary: z.string(),
        items: z.array(z.string()).describe("What changed: kind and name."),
        changed_by: z.string(),
        changed_at: z.string(),
      }),
    ),
    next_before_version: z.int().nullable(),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run({ before_version, limit, ...place }, { principal, services }) {
    const found = await services.configuration.places.find(principal, toPlaceRequest(place));
    const page = { before: before_version ?? null, limit };
    const versions = await services.configuration.versions(principal, found, page);
    return { versions, next_before_version: versions.length < limit ? null : (versions.at(-1)?.version ?? null) };
  },
});
