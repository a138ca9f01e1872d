// Reads MCP servers out of what people paste: Claude Desktop's file, `.mcp.json`, or one server's entry.
import type { z } from "zod";
import { findStdioSecret } from "./lift-secrets.ts";
import { type McpServer, mcpServerSchema, serverNameSchema } from "./server-schema.ts";

export type PastedServer = { name: string; server: McpServer } | { name: string; why: string };

export const MAX_PASTED_CHARACTERS = 256 * 1024;

/** Null when it is no JSON object at all. Each entry comes back, with the reason where it cannot be taken. */
export function readPastedServers(text: string): PastedServer[] | null {
  const parsed = parseJson(text);
  if (!isRecord(parsed)) return null;
  const servers = isRecord(parsed["mcpServers"])
    ? parsed["mcpServers"]
    : isRecord(parsed["servers"])
      ? parsed["servers"]
      : parsed;
  return Object.entries(servers).map(([name, entry]) => readEntry(name, entry));
}

/** One server's JSON, as `claude mcp add-json` takes it. */
export function readServerJson(name: string, text: string): PastedServer {
  return readEntry(name, parseJson(text));
}

export function readEntry(name: string, entry: unknown): PastedServer {
  const shown = name.slice(0, 80);
  const named = serverNameSchema.safeParse(name);
  if (!named.success) return { name: shown, why: `Its name ${explain(named.error)}.` };
  if (!isRecord(entry)) return { name: shown, why: "It is no JSON object." };
  const parsed = mcpServerSchema.safeParse(normalise(entry));
  if (!parsed.success) return { name: shown, why: `It is not understood: ${explain(parsed.error)}.` };
  const why = refuseSecrets(parsed.data);
  return why === null ? { name, server: parsed.data } : { name: shown, why };
}

/** A program runs in the sandbox, where Claude can read everything that it is given. */
export function refuseSecrets(server: McpServer): string | null {
  const where = server.type === "stdio" ? findStdioSecret(server) : null;
  if (where === null) return null;
  return (
    `It looks like a secret in ${where}. A stdio server runs inside the sandbox, where everything can read it, so ` +
    "secrets are not given to one. Use the server's remote (http) form, whose secrets stay outside."
  );
}

/** The forms that other programs write, in ours. */
function normalise(entry: Record<string, unknown>): Record<string, unknown> {
  const { type, transport, serverUrl, disabled, enabled, ...rest } = entry;
  const url = rest["url"] ?? serverUrl;
  const kind = type ?? transport ?? (url === undefined ? "stdio" : "http");
  const isOn = typeof enabled === "boolean" ? enabled : disabled !== true;
  const named = kind === "streamable-http" || kind === "streamableHttp" ? "http" : kind;
  return { ...rest, ...(url === undefined ? {} : { url }), type: named, enabled: isOn };
}

/** What is wrong and where, never the value. */
function explain(error: z.ZodError): string {
  const [issue] = error.issues;
  if (issue === undefined) return "it is not valid";
  const path = issue.path.map((part) => String(part).slice(0, 64)).join(".");
  const words = issue.code === "invalid_union" ? "must be stdio, http or sse" : issue.message;
  return path === "" ? words : `${path} ${words}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
