// get_slash_command: one slash command of one scope, whole.
import { z } from "zod";
import { readBody } from "../../../shared/commands/command-body.ts";
import { commandFile } from "../../../shared/commands/command-kind.ts";
import { CONFIGURATION_SCOPES } from "../../../shared/configuration/place.ts";
import { placeFields, toPlaceRequest } from "../../configuration/tool-fields.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { commandNameField } from "../tool-fields.ts";

export const getSlashCommand = defineTool({
  name: "get_slash_command",
  title: "Show a slash command",
  description: "Shows a slash command of one scope: its text, its front matter, and what it brings in when it is run.",
  scope: "configuration:read",
  toolset: "commands",
  input: z.strictObject({ ...placeFields, name: commandNameField }),
  output: z.object({
    name: z.string(),
    scope: z.enum(CONFIGURATION_SCOPES),
    description: z.string().nullable(),
    category: z.string().nullable(),
    argument_hint: z.string().nullable(),
    allowed_tools: z.array(z.string()),
    model: z.string().nullable(),
    markdown: z.string().describe("The file as Claude Code reads it."),
    takes_arguments: z.boolean(),
    files: z.array(z.string()).describe("Files that it brings in."),
    shell: z.array(z.string()).describe("Shell commands whose output it brings in."),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run({ name, ...place }, { principal, services }) {
    const { scope, command } = await services.commands.get(principal, toPlaceRequest(place), name);
    const { body, ...fields } = command;
    const { takesArguments, files, shell } = readBody(body);
    return {
      name,
      scope,
      ...fields,
      markdown: commandFile(name, command).content,
      takes_arguments: takesArguments,
      files,
      shell,
    };
  },
});
