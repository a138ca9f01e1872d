// mcp_remove: takes an MCP server away, with its sign-ins and the secrets that were made for it.
import { z } from "zod";
import { outcomeSchema, showOutcome, toPlaceRequest } from "../../configuration/tool-fields.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { serverFields } from "../tool-fields.ts";

export const mcpRemove = defineTool({
  name: "mcp_remove",
  title: "Remove an MCP server",
  description:
    "Removes an MCP server from one scope, with everybody's sign-in at it and the secrets that were made for it. A wider " +
    "scope's server of the same name counts again: one that was switched off here, or had fewer tools, is removed once a " +
    "person confirms it at confirm_url.",
  scope: "configuration:write",
  toolset: "mcp_servers",
  input: z.strictObject(serverFields),
  output: outcomeSchema,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
  async run({ name, ...place }, { principal, clientId, services }) {
    const at = await services.configuration.places.findToChange(principal, toPlaceRequest(place));
    return showOutcome(await services.servers.service.remove(principal, { place: at, name, client: clientId }));
  },
});
