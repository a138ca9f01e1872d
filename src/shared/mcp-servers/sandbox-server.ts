// What a sandbox is told of an MCP server: a program whole, of an address nothing but that it can be reached through the Worker.
import { z } from "zod";
import { mcpServerSchema } from "./server-schema.ts";

const allowedTools = z.array(z.string()).nullable();

export const sandboxServerSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("stdio"),
    command: z.string(),
    args: z.array(z.string()),
    env: z.record(z.string(), z.string()),
    allowed_tools: allowedTools,
  }),
  /** Address, headers and secrets stay with the Worker. */
  z.object({ type: z.enum(["http", "sse"]), allowed_tools: allowedTools }),
]);
export type SandboxServer = z.infer<typeof sandboxServerSchema>;

export const sandboxServersSchema = z.record(z.string(), sandboxServerSchema);
export type SandboxServers = z.infer<typeof sandboxServersSchema>;

/** What there is of servers, of merged items. Nothing at all for none, so that nothing changes for who has none. */
export function materialiseServers(items: readonly { name: string; value: unknown }[]): {
  mcp_servers?: SandboxServers;
  mcp_servers_off?: string[];
} {
  const all = items.map(({ name, value }) => ({ name, server: mcpServerSchema.parse(value) }));
  const on = all.filter(({ server }) => server.enabled);
  const off = all.filter(({ server }) => !server.enabled);
  return {
    ...(on.length === 0
      ? {}
      : { mcp_servers: Object.fromEntries(on.map(({ name, server }) => [name, toSandboxServer(server)])) }),
    ...(off.length === 0 ? {} : { mcp_servers_off: off.map(({ name }) => name) }),
  };
}

function toSandboxServer(server: z.infer<typeof mcpServerSchema>): SandboxServer {
  const { allowed_tools } = server;
  if (server.type !== "stdio") return { type: server.type, allowed_tools };
  const { type, command, args, env } = server;
  return { type, command, args, env, allowed_tools };
}
