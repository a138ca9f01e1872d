// mcp_serve: what this endpoint itself offers, and how to add it to other clients.
import { z } from "zod";
import { defineTool } from "../../mcp/define-tool.ts";
import { DEFAULT_TOOLSETS, TOOLSETS } from "../../mcp/toolsets.ts";

export const mcpServe = defineTool({
  name: "mcp_serve",
  title: "Show how to add this server elsewhere",
  description:
    "Says what this MCP endpoint offers, and how to add it to claude.ai, Claude Desktop, Claude Code and others.",
  scope: "configuration:read",
  toolset: "mcp_servers",
  input: z.strictObject({}),
  output: z.object({
    url: z.string(),
    transport: z.literal("http"),
    sign_in: z.literal("oauth"),
    toolsets: z.array(z.string()).describe("Add ?toolsets=a,b or ?toolsets=all to the URL to choose others."),
    default_toolsets: z.array(z.string()),
    clients: z.array(z.object({ client: z.string(), how: z.string() })),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run(_args, { services }) {
    const url = services.servers.mcpUrl;
    const json = JSON.stringify({ mcpServers: { berth: { type: "http", url } } });
    return {
      url,
      transport: "http" as const,
      sign_in: "oauth" as const,
      toolsets: [...TOOLSETS],
      default_toolsets: [...DEFAULT_TOOLSETS],
      clients: [
        {
          client: "claude.ai and Claude Desktop",
          how: `Settings, Connectors, Add custom connector, URL ${url}. It needs a public https address.`,
        },
        { client: "Claude Code", how: `claude mcp add --transport http berth ${url}, then /mcp to sign in.` },
        { client: "A .mcp.json file", how: json },
        { client: "A client that speaks stdio alone", how: `npx mcp-remote ${url}` },
      ],
    };
  },
});
