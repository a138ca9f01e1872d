// The servers of a repository's own `.mcp.json`, where a person let them count. What is configured under the same name wins,
// also where it is switched off.
import type { McpServerConfig } from "@anthropic-ai/claude-agent-sdk";
import { MAX_PASTED_CHARACTERS, readPastedServers } from "../../shared/mcp-servers/read-pasted.ts";
import type { McpServer } from "../../shared/mcp-servers/server-schema.ts";
import { readSmallText } from "../workspaces/read-small-text.ts";

/** None for a file that is not there, or that nobody understands. */
export async function readRepositoryServers(
  workspaceDir: string,
  off: readonly string[],
): Promise<Record<string, McpServerConfig>> {
  const text = await readSmallText(workspaceDir, ".mcp.json", MAX_PASTED_CHARACTERS);
  if (text === null) return {};
  const servers = (readPastedServers(text) ?? []).flatMap((one) => ("server" in one ? [one] : []));
  const wanted = servers.filter(({ name, server }) => server.enabled && !off.includes(name));
  return Object.fromEntries(wanted.map(({ name, server }) => [name, toConfig(server)]));
}

/** The sandbox reaches them by itself: they are the repository's, and know no secret of ours. */
function toConfig(server: McpServer): McpServerConfig {
  if (server.type === "stdio") return { type: "stdio", command: server.command, args: server.args, env: server.env };
  return { type: server.type, url: server.url, headers: server.headers };
}
