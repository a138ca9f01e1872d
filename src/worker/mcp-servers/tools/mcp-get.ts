// mcp_get: one MCP server, and the pages on which a person signs in at it or enters its secrets.
import { z } from "zod";
import { toPlaceRequest } from "../../configuration/tool-fields.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { noServer } from "../server-key.ts";
import { serverViewSchema } from "../server-view.ts";
import { serverFields } from "../tool-fields.ts";

export const mcpGet = defineTool({
  name: "mcp_get",
  title: "Show an MCP server",
  description:
    "Shows one MCP server: its definition without secrets, how it was last found, and where a person signs in.",
  scope: "configuration:read",
  toolset: "mcp_servers",
  input: z.strictObject(serverFields),
  output: serverViewSchema.extend({
    sign_in_url: z.string().nullable().describe("Where the person signs in at a server that asks for it."),
    secrets_url: z.string().nullable().describe("Where the person enters values of secrets; they are never shown."),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run({ name, ...place }, { principal, services }) {
    const { service, urls } = services.servers;
    const at = await services.configuration.places.find(principal, toPlaceRequest(place));
    const found = (await service.list(principal, at)).find((server) => server.name === name);
    if (found === undefined) throw noServer(name);
    const isRemote = found.type !== "stdio";
    return {
      ...found,
      sign_in_url: isRemote ? urls.signIn(at, name) : null,
      secrets_url: isRemote ? urls.secrets(at) : null,
    };
  },
});
