// mcp_test: connects to an MCP server that is kept, and asks for its tools.
import { z } from "zod";
import { toPlaceRequest } from "../../configuration/tool-fields.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { serverFields, showTest, testProjectField, testSchema } from "../tool-fields.ts";

export const mcpTest = defineTool({
  name: "mcp_test",
  title: "Test an MCP server",
  description:
    "Tests an MCP server for real, with its secrets: connects to its address, or starts its program in the sandbox, and " +
    "asks for its tools. Notes the result for mcp_list.",
  scope: "configuration:write",
  toolset: "mcp_servers",
  input: z.strictObject({ ...serverFields, test_project: testProjectField }),
  output: testSchema,
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: true },
  async run({ name, test_project, ...where }, { principal, services }) {
    const place = await services.configuration.places.find(principal, toPlaceRequest(where));
    const session =
      where.session_id === undefined ? null : (await services.sessions.get(principal, where.session_id)).session;
    const project = session?.project ?? where.project ?? test_project ?? null;
    const sandbox = services.servers.sandboxOf(principal, project);
    return showTest(await services.servers.service.test(principal, place, name, sandbox));
  },
});
