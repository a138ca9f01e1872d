// restore_config_version: one scope's configuration as it was, as a new version.
import { z } from "zod";
import { defineTool } from "../../mcp/define-tool.ts";
import { outcomeSchema, placeFields, showOutcome, toPlaceRequest } from "../tool-fields.ts";

export const restoreConfigVersion = defineTool({
  name: "restore_config_version",
  title: "Restore a version of the configuration",
  description:
    "Makes one scope's configuration what it was after that version; nothing is lost, it becomes a new version. " +
    "Where sessions could do more than now it is only proposed, and a person confirms it at confirm_url.",
  scope: "configuration:write",
  toolset: "configuration",
  input: z.strictObject({
    ...placeFields,
    version: z.int().positive().describe("From list_config_versions of the same scope."),
  }),
  output: outcomeSchema,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  async run({ version, ...place }, { principal, clientId, services }) {
    const found = await services.configuration.places.findToChange(principal, toPlaceRequest(place));
    return showOutcome(await services.configuration.restore(principal, { place: found, version, client: clientId }));
  },
});
