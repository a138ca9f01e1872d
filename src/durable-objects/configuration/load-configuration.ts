// Reads the items of a session's places from D1 in one snapshot, and makes the session's configuration of them.
import { z } from "zod";
import type { PinnedAgent } from "../../shared/agents/agent-schema.ts";
import { runAsAgent } from "../../shared/agents/run-as-agent.ts";
import { type ScopedItem, scopedItemSchema } from "../../shared/configuration/item.ts";
import { materialise } from "../../shared/configuration/materialise.ts";
import { mergeConfiguration } from "../../shared/configuration/merge.ts";
import { placesOf, type SessionPlaces } from "../../shared/configuration/place.ts";
import { fitsSession } from "../../shared/configuration/session-configuration.ts";
import { type BuiltInServers, withBuiltIn } from "../../shared/mcp-servers/built-in-servers.ts";
import { toHex } from "../../shared/checkpoints/bytes-text.ts";
import type { LoadedConfiguration } from "./configuration-store.ts";

const versionSchema = z.tuple([z.object({ version: z.number() })]);
const rowSchema = z.object({ scope: z.string(), kind: z.string(), name: z.string(), value: z.string() });

export type LoadOptions = {
  /** MCP servers that every team has. */
  builtIn?: BuiltInServers;
  /** The agent that the session runs as, and the mark of its file. */
  agent?: { pinned: PinnedAgent; mark: string } | null;
};

/** `too_large`: all scopes together are more than a session takes. */
export async function loadConfiguration(
  database: D1Database,
  session: SessionPlaces,
  { builtIn = {}, agent = null }: LoadOptions = {},
): Promise<LoadedConfiguration | "too_large"> {
  const { version, items } = await readItems(database, session);
  const own = materialise(mergeConfiguration(withBuiltIn(items, builtIn)));
  const made = agent === null ? own : runAsAgent(own, agent.pinned, agent.mark);
  if (!fitsSession(made)) return "too_large";
  const sandboxJson = new TextEncoder().encode(JSON.stringify(made.sandbox));
  const sha256 = toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", sandboxJson)));
  return { version, sha256, sandboxJson, gate: made.gate };
}

/** How far the team's configuration has come. */
export async function loadVersion(database: D1Database, { team_id }: SessionPlaces): Promise<number> {
  const [counted] = await database.batch([selectVersion(database, team_id)]);
  return versionSchema.parse(counted?.results)[0].version;
}

function selectVersion(database: D1Database, teamId: string): D1PreparedStatement {
  return database.prepare("SELECT configuration_version AS version FROM teams WHERE id = ?").bind(teamId);
}

async function readItems(
  database: D1Database,
  session: SessionPlaces,
): Promise<{ version: number; items: ScopedItem[] }> {
  const places = placesOf(session);
  const isOneOf = places.map(() => "(scope = ? AND scope_id = ?)").join(" OR ");
  const [counted, rows] = await database.batch([
    selectVersion(database, session.team_id),
    database
      .prepare(`SELECT scope, kind, name, value FROM configuration_items WHERE team_id = ? AND (${isOneOf})`)
      .bind(session.team_id, ...places.flatMap(({ scope, scope_id }) => [scope, scope_id])),
  ]);
  const [{ version }] = versionSchema.parse(counted?.results);
  return { version, items: z.array(rowSchema).parse(rows?.results).flatMap(toItem) };
}

/** A kind that this build does not know belongs to a newer one. */
function toItem({ value, ...row }: z.infer<typeof rowSchema>): ScopedItem[] {
  const item = scopedItemSchema.safeParse({ ...row, value: JSON.parse(value) as unknown });
  return item.success ? [item.data] : [];
}
