// Refuses calls of tools that a server's definition leaves out, before the gate is asked. The proxy does the same for
// remote servers; a program in the sandbox has this alone.
import type { HookCallback } from "@anthropic-ai/claude-agent-sdk";
import type { SandboxServer, SandboxServers } from "../../shared/mcp-servers/sandbox-server.ts";
import { mayCall } from "../../shared/mcp-servers/server-schema.ts";
import type { PermissionGate } from "../permissions/permission-gate.ts";

export function withAllowList(gate: PermissionGate, servers: () => SandboxServers): PermissionGate {
  const preToolUse: HookCallback = async (input, toolUseId, options) => {
    const refusal = input.hook_event_name === "PreToolUse" ? refuse(servers(), input.tool_name) : null;
    if (refusal === null) return gate.preToolUse(input, toolUseId, options);
    const permissionDecision = "deny" as const;
    return {
      hookSpecificOutput: { hookEventName: "PreToolUse", permissionDecision, permissionDecisionReason: refusal },
    };
  };
  return { ...gate, preToolUse };
}

/** Claude Code calls a server's tool `mcp__<server>__<tool>`, with what it does not like in a name replaced. */
export function refuse(servers: SandboxServers, toolName: string): string | null {
  // Of a server whose name ends with an underscore, a tool can be read as another server's: all of them have to allow it.
  const owners = Object.entries(servers).filter(([name]) => toolName.startsWith(`mcp__${name}__`));
  const refusing = owners.find(([name, server]) => !allows(server, toolName.slice(`mcp__${name}__`.length)));
  return refusing === undefined
    ? null
    : `This tool is not among those that may be used of the MCP server ${refusing[0]}.`;
}

function allows({ allowed_tools }: SandboxServer, tool: string): boolean {
  const plain = allowed_tools?.map((name) => name.replaceAll(/[^a-zA-Z0-9_-]/g, "_")) ?? null;
  return mayCall({ allowed_tools: plain }, tool);
}
