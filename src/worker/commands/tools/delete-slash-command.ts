// delete_slash_command: removes a slash command from one scope.
import { z } from "zod";
import { outcomeSchema, placeFields, showOutcome, toPlaceRequest } from "../../configuration/tool-fields.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { commandNameField } from "../tool-fields.ts";

export const deleteSlashCommand = defineTool({
  name: "delete_slash_command",
  title: "Delete a slash command",
  description: "Removes a slash command from one scope. A wider scope's command of that name counts again.",
  scope: "configuration:write",
  toolset: "commands",
  input: z.strictObject({ ...placeFields, name: commandNameField }),
  output: outcomeSchema,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
  async run({ name, ...place }, { principal, clientId, services }) {
    const change = { place: toPlaceRequest(place), name, client: clientId };
    return showOutcome(await services.commands.remove(principal, change));
  },
});
