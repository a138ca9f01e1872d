// Sign-ins at MCP servers in D1: those that hold, and those under way. Everything that opens something is sealed.
import { and, eq, lt, sql } from "drizzle-orm";
import type { Database } from "../../db/client.ts";
import { mcpConnections } from "../../db/mcp-server-schema.ts";
import type { Sealer } from "../../secrets/sealer.ts";
import type { ServerKey } from "../server-key.ts";
import { type ConnectionState, connectionStateSchema, parseSealed } from "./connection-state.ts";

export type Connection = { url: string; version: number; state: ConnectionState };

export type ConnectionStore = {
  read(key: ServerKey): Promise<Connection | null>;
  /** Puts a new one in the place of any other. */
  replace(key: ServerKey, url: string, state: ConnectionState): Promise<void>;
  /** True for the one caller who is to renew this version now. */
  claim(key: ServerKey, version: number, untilMs: number): Promise<boolean>;
  /** The renewed one, unless another one came between. */
  renewed(key: ServerKey, version: number, state: ConnectionState): Promise<void>;
  remove(key: ServerKey): Promise<void>;
  /** Of everybody: the definition is gone, or leads elsewhere. */
  removeAll(key: Omit<ServerKey, "user_id">): Promise<void>;
  /** When this person signed in, by server. */
  list(key: Omit<ServerKey, "name">): Promise<Map<string, { url: string; connected_at: string }>>;
};

export type ConnectionStoreOptions = { db: Database; sealer: Sealer; now: () => Date };

export function createConnectionStore(options: ConnectionStoreOptions): ConnectionStore {
  const { db, now } = options;
  const seal = (key: ServerKey, url: string, state: ConnectionState) => sealState(options, key, url, state);
  return {
    read: (key) => read(options, key),
    async replace(key, url, state) {
      const at = now().toISOString();
      const set = { url, sealed: await seal(key, url, state), renewingUntilMs: 0, connectedAt: at, updatedAt: at };
      const { teamId, userId, scope, scopeId, server } = mcpConnections;
      await db
        .insert(mcpConnections)
        .values({ ...columnsOf(key), ...set, version: 1 })
        .onConflictDoUpdate({
          target: [teamId, userId, scope, scopeId, server],
          set: { ...set, version: sql`${mcpConnections.version} + 1` },
        });
    },
    async claim(key, version, untilMs) {
      const { renewingUntilMs } = mcpConnections;
      const isFree = and(of(key), eq(mcpConnections.version, version), lt(renewingUntilMs, now().getTime()));
      const set = { renewingUntilMs: untilMs };
      const rows = await db
        .update(mcpConnections)
        .set(set)
        .where(isFree)
        .returning({ version: mcpConnections.version });
      return rows.length === 1;
    },
    async renewed(key, version, state) {
      const row = await db.select({ url: mcpConnections.url }).from(mcpConnections).where(of(key)).get();
      if (row === undefined) return;
      const sealed = await seal(key, row.url, state);
      const set = { sealed, version: version + 1, renewingUntilMs: 0, updatedAt: now().toISOString() };
      await db
        .update(mcpConnections)
        .set(set)
        .where(and(of(key), eq(mcpConnections.version, version)));
    },
    async remove(key) {
      await db.delete(mcpConnections).where(of(key));
    },
    async removeAll({ team_id, place, name }) {
      const everybody = and(inPlace({ team_id, place }), eq(mcpConnections.server, name));
      await db.delete(mcpConnections).where(everybody);
    },
    async list({ user_id, ...rest }) {
      const { server, url, connectedAt } = mcpConnections;
      const rows = await db
        .select({ server, url, connectedAt })
        .from(mcpConnections)
        .where(and(inPlace(rest), eq(mcpConnections.userId, user_id)));
      return new Map(rows.map((row) => [row.server, { url: row.url, connected_at: row.connectedAt }]));
    },
  };
}

function sealState(
  { sealer }: Pick<ConnectionStoreOptions, "sealer">,
  key: ServerKey,
  url: string,
  state: ConnectionState,
): Promise<string> {
  return sealer.seal(JSON.stringify(state), contextOf(key, url));
}

async function read(options: ConnectionStoreOptions, key: ServerKey): Promise<Connection | null> {
  const { db, sealer } = options;
  const row = await db.select().from(mcpConnections).where(of(key)).get();
  if (row === undefined) return null;
  const state = parseSealed(connectionStateSchema, await sealer.open(row.sealed, contextOf(key, row.url)));
  if (state === null) return null;
  if (sealer.isOld(row.sealed)) {
    // With its use a sign-in moves to the newest key, unless it was renewed meanwhile.
    const sealed = await sealState(options, key, row.url, state);
    await db
      .update(mcpConnections)
      .set({ sealed })
      .where(and(of(key), eq(mcpConnections.sealed, row.sealed)));
  }
  return { url: row.url, version: row.version, state };
}

function columnsOf({ team_id, user_id, place, name }: ServerKey) {
  return { teamId: team_id, userId: user_id, scope: place.scope, scopeId: place.scope_id, server: name };
}

function inPlace({ team_id, place }: Pick<ServerKey, "team_id" | "place">) {
  const { teamId, scope, scopeId } = mcpConnections;
  return and(eq(teamId, team_id), eq(scope, place.scope), eq(scopeId, place.scope_id));
}

function of({ user_id, name, ...rest }: ServerKey) {
  return and(inPlace(rest), eq(mcpConnections.userId, user_id), eq(mcpConnections.server, name));
}

/** Tokens open for their own server's address alone, also when somebody changes the row. */
function contextOf({ team_id, user_id, place, name }: ServerKey, url: string): readonly string[] {
  return ["connection", team_id, user_id, place.scope, place.scope_id, name, url];
}
