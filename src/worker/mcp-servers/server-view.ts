// How a server is shown: its definition with references in it, where it stands, how it was last found. Never a secret.
import { z } from "zod";
import { CONFIGURATION_SCOPES, type Place } from "../../shared/configuration/place.ts";
import { isRemote, type McpServer } from "../../shared/mcp-servers/server-schema.ts";
import type { Health } from "./health-store.ts";
import { namesOfSecrets } from "./open-server.ts";

export const serverViewSchema = z.object({
  name: z.string(),
  scope: z.enum(CONFIGURATION_SCOPES),
  built_in: z.boolean().describe("True for one that every team has; the team's own of this name takes its place."),
  type: z.enum(["stdio", "http", "sse"]),
  enabled: z.boolean(),
  command: z.string().nullable(),
  args: z.array(z.string()),
  env: z.record(z.string(), z.string()),
  url: z.string().nullable().describe("With ${secret:NAME} where a secret stands."),
  headers: z.record(z.string(), z.string()),
  allowed_tools: z.array(z.string()).nullable().describe("Null for all of its tools."),
  secrets: z.array(z.object({ name: z.string(), set: z.boolean() })),
  signed_in_at: z.string().nullable().describe("When you signed in at the server, if you did."),
  health: z.object({
    last_ok_at: z.string().nullable(),
    last_failed_at: z.string().nullable(),
    problem: z.string().nullable(),
    tools: z.int().nullable(),
  }),
});
export type ServerView = z.infer<typeof serverViewSchema>;

export type Known = {
  health: Health | undefined;
  secretNames: ReadonlySet<string>;
  signedInAt: string | null;
  builtIn: boolean;
};

const UNKNOWN: Health = { last_ok_at: null, last_failed_at: null, problem: null, tools: null };

export function toServerView(place: Place, name: string, server: McpServer, known: Known): ServerView {
  const own = isRemote(server)
    ? { command: null, args: [], env: {}, url: server.url, headers: server.headers }
    : { command: server.command, args: server.args, env: server.env, url: null, headers: {} };
  const used = isRemote(server) ? namesOfSecrets(server) : [];
  return {
    name,
    scope: place.scope,
    built_in: known.builtIn,
    type: server.type,
    enabled: server.enabled,
    ...own,
    allowed_tools: server.allowed_tools,
    secrets: used.map((secret) => ({ name: secret, set: known.secretNames.has(secret) })),
    signed_in_at: known.signedInAt,
    health: known.health ?? UNKNOWN,
  };
}
