// A session's MCP servers in the sandbox: what Claude Code is told of them, the way to them, and which tools they may be asked for.
import type { McpServerConfig } from "@anthropic-ai/claude-agent-sdk";
import type { SandboxServers } from "../../shared/mcp-servers/sandbox-server.ts";
import type { LaunchConfiguration } from "../configuration/launch-configuration.ts";
import type { PermissionGate } from "../permissions/permission-gate.ts";
import type { HostLink } from "../rpc/host-link.ts";
import { readRepositoryServers } from "./repository-servers.ts";
import { toServerOptions } from "./server-options.ts";
import { createServerRelay } from "./server-relay.ts";
import { createRouteToken } from "../tokens/route-token.ts";
import { withAllowList } from "./tool-allow-list.ts";

export type SessionServers = {
  /** For a CLI that starts with that configuration. */
  options(configuration: LaunchConfiguration): Promise<Record<string, McpServerConfig>>;
  guard(gate: PermissionGate): PermissionGate;
  /** Tokens that were handed out, for striking them out of what is shown. */
  secrets(): readonly string[];
  close(): void;
};

export type SessionServersParts = {
  edgeUrl: string;
  workspaceDir: string;
  sessionId: string;
  runtimeId: string;
  link: HostLink;
};

export function createSessionServers(parts: SessionServersParts): SessionServers {
  const token = createRouteToken(parts, "mcp");
  const relay = createServerRelay({ ...parts, token });
  let current: SandboxServers = {};
  return {
    async options({ mcp_servers = {}, mcp_servers_off = [], repository }) {
      current = mcp_servers;
      const own = await toServerOptions(mcp_servers, relay);
      const others = repository.mcp_servers ? await readRepositoryServers(parts.workspaceDir, mcp_servers_off) : {};
      return { ...others, ...own };
    },
    guard: (gate) => withAllowList(gate, () => current),
    secrets: token.secrets,
    close: relay.close,
  };
}
