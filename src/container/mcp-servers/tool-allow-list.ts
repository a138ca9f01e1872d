// Refuses calls of tools that a server's definition leaves out, before the gate is asked. The proxy does the same for
// remote servers; a program in the sandbox has this alone.
import type { HookCallback } from "@anthropic-ai/claude-agent-sdk";
import type { SandboxServers } from "../../shared/mcp-servers/sandbox-server.ts";
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
  const owner = Object.entries(servers).find(([name]) => toolName.startsWith(`mcp__${name}__`));
  if (owner === undefined) return null;
  const [name, { allowed_tools }] = owner;
  const plain = allowed_tools?.map((tool) => tool.replaceAll(/[^a-zA-Z0-9_-]/g, "_")) ?? null;
  const tool = toolName.slice(`mcp__${name}__`.length);
  return mayCall({ allowed_tools: plain }, tool)
    ? null
    : `This tool is not among those that may be used of the MCP server ${name}.`;
}
