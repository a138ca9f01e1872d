// update_slash_command: changes a slash command at one scope.
import { z } from "zod";
import { outcomeSchema, placeFields, showOutcome, toPlaceRequest } from "../../configuration/tool-fields.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { commandFields, commandNameField, markdownField } from "../tool-fields.ts";

export const updateSlashCommand = defineTool({
  name: "update_slash_command",
  title: "Change a slash command",
  description:
    "Changes a slash command of one scope; what is left out stays, but a new markdown brings its own front matter. More " +
    "allowed_tools or new shell commands are proposed: a person confirms them at confirm_url.",
  scope: "configuration:write",
  toolset: "commands",
  input: z.strictObject({
    ...placeFields,
    name: commandNameField,
    markdown: markdownField.optional(),
    ...commandFields,
  }),
  output: outcomeSchema,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  async run({ scope, project, session_id, name, ...fields }, { principal, clientId, services }) {
    const place = toPlaceRequest({ scope, project, session_id });
    return showOutcome(await services.commands.update(principal, { place, name, fields, client: clientId }));
  },
});
