// Servers that whoever runs Berth gives to every team: the widest of all scopes. A team's own of the same name takes their place.
import type { ScopedItem } from "../configuration/item.ts";
import { findReferences } from "../secrets/secret-reference.ts";
import { liftSecrets } from "./lift-secrets.ts";
import { readPastedServers } from "./read-pasted.ts";
import { isRemote, type McpServer } from "./server-schema.ts";

export type BuiltInServers = Readonly<Record<string, McpServer>>;

/** Out of a setting, in the form of `.mcp.json`. Throws with what is wrong, and never with what stands there. */
export function readBuiltInServers(text: string): BuiltInServers {
  const read = readPastedServers(text);
  if (read === null) throw new Error("must be a JSON object of MCP servers by name");
  return Object.fromEntries(
    read.map((one) => {
      if ("why" in one) throw new Error(`has an entry ${one.name} that cannot be taken. ${one.why}`);
      if (holdsSecret(one.name, one.server)) throw new Error(`has a secret in ${one.name}: write \${secret:NAME}`);
      return [one.name, one.server];
    }),
  );
}

function holdsSecret(name: string, server: McpServer): boolean {
  const isBare = liftSecrets(name, server, () => false).secrets.length > 0;
  return isBare || (!isRemote(server) && findReferences(JSON.stringify(server)).length > 0);
}

export function findBuiltIn(builtIn: BuiltInServers, name: string): McpServer | null {
  return Object.hasOwn(builtIn, name) ? (builtIn[name] ?? null) : null;
}

/** They stand where the team's stand, with its secrets, unless the team has one of that name. */
export function withBuiltIn<Item extends Pick<ScopedItem, "kind" | "name" | "scope">>(
  items: readonly Item[],
  builtIn: BuiltInServers,
): (Item | ScopedItem)[] {
  const isOverridden = (name: string): boolean =>
    items.some((item) => item.scope === "team" && item.kind === "mcp_server" && item.name === name);
  const added = Object.entries(builtIn)
    .filter(([name]) => !isOverridden(name))
    .map(([name, value]): ScopedItem => ({ scope: "team", kind: "mcp_server", name, value }));
  return [...added, ...items];
}
