// The servers of a repository's own `.mcp.json`, where a person let them count. What is configured under the same name wins.
import type { McpServerConfig } from "@anthropic-ai/claude-agent-sdk";
import { MAX_PASTED_CHARACTERS, readPastedServers } from "../../shared/mcp-servers/read-pasted.ts";
import type { McpServer } from "../../shared/mcp-servers/server-schema.ts";
import { readSmallText } from "../workspaces/read-small-text.ts";

/** None for a file that is not there, or that nobody understands. */
export async function readRepositoryServers(workspaceDir: string): Promise<Record<string, McpServerConfig>> {
  const text = await readSmallText(workspaceDir, ".mcp.json", MAX_PASTED_CHARACTERS);
  if (text === null) return {};
  const read = readPastedServers(text) ?? [];
  return Object.fromEntries(
    read.flatMap((one) => ("server" in one && one.server.enabled ? [[one.name, toConfig(one.server)]] : [])),
  );
}

/** The sandbox reaches them by itself: they are the repository's, and know no secret of ours. */
function toConfig(server: McpServer): McpServerConfig {
  if (server.type === "stdio") return { type: "stdio", command: server.command, args: server.args, env: server.env };
  return { type: server.type, url: server.url, headers: server.headers };
}
