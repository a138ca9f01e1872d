// mcp_list: the MCP servers of all scopes that count, with how each was last found.
import { z } from "zod";
import { CONFIGURATION_SCOPES, type Place } from "../../../shared/configuration/place.ts";
import { uuidSchema } from "../../../shared/ids.ts";
import { projectNameSchema } from "../../../shared/projects/schema.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { serverViewSchema } from "../server-view.ts";

const rank = (scope: Place["scope"]): number => CONFIGURATION_SCOPES.indexOf(scope);

export const mcpList = defineTool({
  name: "mcp_list",
  title: "List MCP servers",
  description:
    "Lists the MCP servers of the team and your own, and with project or session_id those of a project or session. " +
    "Of two with one name the narrower scope's is used. Shows when each last worked, and what was wrong.",
  scope: "configuration:read",
  toolset: "mcp_servers",
  input: z.strictObject({
    project: projectNameSchema.optional().describe("Also the servers of this project."),
    session_id: uuidSchema.optional().describe("Also the servers of this session and its project."),
  }),
  output: z.object({
    servers: z.array(
      serverViewSchema.extend({ used: z.boolean().describe("False when a narrower scope has one of this name.") }),
    ),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run({ project, session_id }, { principal, services }) {
    const { places } = services.configuration;
    const session = session_id === undefined ? null : (await services.sessions.get(principal, session_id)).session;
    const own = session?.project ?? project ?? null;
    const none = { project: null, session_id: null };
    const wanted = [
      places.find(principal, { scope: "team", ...none }),
      places.find(principal, { scope: "user", ...none }),
      ...(own === null ? [] : [places.find(principal, { ...none, scope: "project", project: own })]),
      ...(session_id === undefined ? [] : [places.find(principal, { ...none, scope: "session", session_id })]),
    ];
    const found = await Promise.all(wanted.map(async (place) => services.servers.service.list(principal, await place)));
    const all = found.flat();
    const isUsed = (name: string, scope: Place["scope"]): boolean =>
      !all.some((other) => other.name === name && rank(other.scope) > rank(scope));
    return { servers: all.map((server) => ({ ...server, used: server.enabled && isUsed(server.name, server.scope) })) };
  },
});
