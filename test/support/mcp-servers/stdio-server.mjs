// A real MCP server as a program, for tests: `node stdio-server.mjs [tool…]`.
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { z } from "zod";

const server = new McpServer({ name: "test-stdio", version: "1.0.0" });
const text = (words) => ({ content: [{ type: "text", text: words }] });
server.registerTool("echo", { description: "Says it again", inputSchema: { text: z.string() } }, (input) =>
  text(`${process.env.GREETING ?? "stdio"}: ${input.text}`),
);
server.registerTool("danger", { description: "Does harm" }, () => text("harm was done"));
await server.connect(new StdioServerTransport());
