// What an MCP server's definition is, as it is kept: a program in the sandbox, or an address that the Worker reaches.
import { z } from "zod";
import { hasBrokenReference } from "../secrets/secret-reference.ts";

/** Names at which Claude Code has servers of its own: it does not load another one there. */
const RESERVED = /^(?:claude(?:[-_].*)?|ide|computer-use|webagent|remote-devices|workspace|berth)$/i;

/** As Claude Code has it: `mcp__<name>__<tool>` is how its tools are called. */
export const serverNameSchema = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[A-Za-z0-9_-]+$/, "may hold letters, digits, hyphens and underscores alone")
  .refine((name) => !RESERVED.test(name), "is a name that Claude Code keeps for itself")
  .refine((name) => !name.includes("__"), "may not hold two underscores in a row, which part a tool's name");

/** The name of a tool, as its server says it. */
const toolNameSchema = z.string().min(1).max(128);

const common = {
  /** The tools that may be called; null for all of them. */
  allowed_tools: z.array(toolNameSchema).max(500).nullable().default(null),
  enabled: z.boolean().default(true),
};

const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/;
/** Set by the transport, or by the Worker itself. */
const KEPT_HEADERS =
  /^(?:host|content-length|content-type|transfer-encoding|connection|upgrade|te|trailer|expect|accept|accept-encoding|keep-alive|proxy-.*|mcp-.*|last-event-id|cookie2?|cf-.*|x-forwarded-.*)$/i;

const headersSchema = z
  .record(
    z
      .string()
      .regex(HEADER_NAME, "is no header's name")
      .refine((name) => !KEPT_HEADERS.test(name), "is a header that may not be set"),
    z
      .string()
      .max(8192)
      .regex(/^[\t\x20-\x7e\u0080-\u00ff]*$/, "holds characters that a header cannot carry")
      .refine((value) => !hasBrokenReference(value), "holds ${…} that is no ${secret:NAME}"),
  )
  .refine((headers) => Object.keys(headers).length <= 50, "has more than 50 headers");

const remoteUrlSchema = z
  .string()
  .min(1)
  .max(2048)
  .refine((url) => !hasBrokenReference(url), "holds ${…} that is no ${secret:NAME}")
  .refine(
    (url) => !/^[^/?#]*\/*[^/?#]*\$\{/.test(url),
    "may hold ${secret:NAME} in its path and query alone, not in its host",
  );

const remote = { ...common, url: remoteUrlSchema, headers: headersSchema.default({}) };

const environmentSchema = z
  .record(
    z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, "is no variable's name"),
    z
      .string()
      .max(8192)
      .refine((value) => !value.includes("\u0000"), "holds a character that no variable can"),
  )
  .refine((env) => Object.keys(env).length <= 100, "has more than 100 variables");

export const stdioServerSchema = z.object({
  type: z.literal("stdio"),
  command: z
    .string()
    .min(1)
    .max(1024)
    .refine((command) => !command.includes("\u0000"), "holds a character that no program's name can"),
  args: z
    .array(
      z
        .string()
        .max(8192)
        .refine((argument) => !argument.includes("\u0000"), "holds a character that no argument can"),
    )
    .max(200)
    .default([]),
  env: environmentSchema.default({}),
  ...common,
});

export const httpServerSchema = z.object({ type: z.literal("http"), ...remote });
export const sseServerSchema = z.object({ type: z.literal("sse"), ...remote });

export const mcpServerSchema = z.discriminatedUnion("type", [stdioServerSchema, httpServerSchema, sseServerSchema]);
export type McpServer = z.infer<typeof mcpServerSchema>;
export type RemoteServer = Extract<McpServer, { url: string }>;
export type StdioServer = Extract<McpServer, { command: string }>;

export function isRemote(server: McpServer): server is RemoteServer {
  return server.type !== "stdio";
}

export function mayCall({ allowed_tools }: Pick<McpServer, "allowed_tools">, tool: string): boolean {
  return allowed_tools === null || allowed_tools.includes(tool);
}
