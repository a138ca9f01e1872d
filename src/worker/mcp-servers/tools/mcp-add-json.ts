// mcp_add_json: one MCP server from the JSON that its documentation gives.
import { z } from "zod";
import { AppError } from "../../../shared/errors/app-error.ts";
import { MAX_PASTED_CHARACTERS, readServerJson } from "../../../shared/mcp-servers/read-pasted.ts";
import { toPlaceRequest } from "../../configuration/tool-fields.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { keepFields, keptSchema, serverFields, showKept } from "../tool-fields.ts";

export const mcpAddJson = defineTool({
  name: "mcp_add_json",
  title: "Add an MCP server from JSON",
  description:
    'Adds an MCP server from its JSON entry, such as {"type":"http","url":"https://…"} or {"command":"npx","args":[…]}, ' +
    "as `claude mcp add-json` takes it. Tested and proposed like mcp_add.",
  scope: "configuration:write",
  toolset: "mcp_servers",
  input: z.strictObject({
    ...serverFields,
    json: z.string().max(MAX_PASTED_CHARACTERS).describe("The server's entry, without its name."),
    ...keepFields,
  }),
  output: keptSchema,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true },
  async run({ name, json, keep_if_failing, ...place }, { principal, clientId, services }) {
    const read = readServerJson(name, json);
    if ("why" in read) throw new AppError("invalid_argument", read.why);
    const at = await services.configuration.places.findToChange(principal, toPlaceRequest(place));
    const request = { place: at, ...read, keepIfFailing: keep_if_failing, client: clientId };
    const kept = await services.servers.service.keep(principal, request);
    return showKept(kept, services.servers.urls.signIn(at, name));
  },
});
