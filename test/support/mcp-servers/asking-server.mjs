// An MCP server that asks its client's person for a name before it greets: for tests of elicitation.
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";

const server = new McpServer({ name: "asker", version: "1.0.0" });
server.registerTool("greet", { description: "Greets the person", inputSchema: {} }, async () => {
  const requestedSchema = {
    type: "object",
    properties: { name: { type: "string", title: "Your name" }, loud: { type: "boolean", title: "Loudly" } },
    required: ["name"],
  };
  const answer = await server.server.elicitInput({ message: "Whom shall I greet?", requestedSchema });
  const text = answer.action === "accept" ? `Hello ${JSON.stringify(answer.content)}` : `They said ${answer.action}`;
  return { content: [{ type: "text", text }] };
});
await server.connect(new StdioServerTransport());
