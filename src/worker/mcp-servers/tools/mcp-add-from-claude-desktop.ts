// mcp_add_from_claude_desktop: all servers of a pasted configuration file, each with what became of it.
import { z } from "zod";
import { AppError } from "../../../shared/errors/app-error.ts";
import { MAX_PASTED_CHARACTERS, readPastedServers } from "../../../shared/mcp-servers/read-pasted.ts";
import { toPlaceRequest } from "../../configuration/tool-fields.ts";
import { placeFields } from "../../configuration/tool-fields.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { keepFields, keptSchema, showKept } from "../tool-fields.ts";

const MAX_SERVERS = 20;

export const mcpAddFromClaudeDesktop = defineTool({
  name: "mcp_add_from_claude_desktop",
  title: "Add MCP servers from Claude Desktop",
  description:
    "Adds the MCP servers of a pasted claude_desktop_config.json or .mcp.json, and says of each what became of it and " +
    "why. Tested and proposed like mcp_add. Programs run in the sandbox, not on the person's computer, and get no secrets.",
  scope: "configuration:write",
  toolset: "mcp_servers",
  input: z.strictObject({
    ...placeFields,
    config_json: z.string().max(MAX_PASTED_CHARACTERS).describe("The file's text, as it was pasted."),
    ...keepFields,
  }),
  output: z.object({
    servers: z.array(z.object({ name: z.string(), why_skipped: z.string().nullable(), kept: keptSchema.nullable() })),
  }),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true },
  async run({ config_json, keep_if_failing, ...place }, { principal, clientId, services }) {
    const pasted = readPastedServers(config_json);
    if (pasted === null) throw new AppError("invalid_argument", "config_json is no JSON object. Paste the file whole.");
    if (pasted.length > MAX_SERVERS) {
      throw new AppError("invalid_argument", `${MAX_SERVERS} servers are added in one call at most.`);
    }
    const at = await services.configuration.places.findToChange(principal, toPlaceRequest(place));
    const { service, urls } = services.servers;
    const requests = pasted.flatMap((one) =>
      "why" in one ? [] : [{ place: at, ...one, keepIfFailing: keep_if_failing, client: clientId }],
    );
    const outcomes = await service.keepAll(principal, requests);
    const servers = pasted.map((one) => {
      if ("why" in one) return { name: one.name, why_skipped: one.why, kept: null };
      const outcome = outcomes[requests.findIndex(({ name }) => name === one.name)];
      if (outcome === undefined || outcome instanceof AppError) {
        return { name: one.name, why_skipped: outcome?.message ?? null, kept: null };
      }
      const why = outcome.outcome === null ? outcome.test.message : null;
      return { name: one.name, why_skipped: why, kept: showKept(outcome, urls.signIn(at, one.name)) };
    });
    return { servers };
  },
});
