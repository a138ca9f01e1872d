// The MCP servers of a session in the form in which Claude Code is told of them.
import type { McpServerConfig } from "@anthropic-ai/claude-agent-sdk";
import type { SandboxServers } from "../../shared/mcp-servers/sandbox-server.ts";
import type { ServerRelay } from "./server-relay.ts";

export async function toServerOptions(
  servers: SandboxServers,
  relay: Pick<ServerRelay, "urlOf">,
): Promise<Record<string, McpServerConfig>> {
  const entries = Object.entries(servers).map(async ([name, server]): Promise<[string, McpServerConfig]> => {
    if (server.type !== "stdio") return [name, { type: server.type, url: await relay.urlOf(name) }];
    const { type, command, args, env } = server;
    return [name, { type, command, args, env }];
  });
  return Object.fromEntries(await Promise.all(entries));
}
