// create_slash_command: adds a slash command at one scope.
import { z } from "zod";
import { outcomeSchema, placeFields, showOutcome, toPlaceRequest } from "../../configuration/tool-fields.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { commandFields, commandNameField, markdownField } from "../tool-fields.ts";

export const createSlashCommand = defineTool({
  name: "create_slash_command",
  title: "Create a slash command",
  description:
    "Adds a slash command: a prompt that sessions run by /name. With allowed_tools, or with shell commands in its text, it " +
    "is proposed, and a person confirms it at confirm_url.",
  scope: "configuration:write",
  toolset: "commands",
  input: z.strictObject({ ...placeFields, name: commandNameField, markdown: markdownField, ...commandFields }),
  output: outcomeSchema,
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
  async run({ scope, project, session_id, name, ...fields }, { principal, clientId, services }) {
    const place = toPlaceRequest({ scope, project, session_id });
    return showOutcome(await services.commands.create(principal, { place, name, fields, client: clientId }));
  },
});
