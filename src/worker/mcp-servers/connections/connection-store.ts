// Sign-ins at MCP servers in D1: those that hold, and those under way. Everything that opens something is sealed.
import { and, eq, lt, sql } from "drizzle-orm";
import type { Database } from "../../db/client.ts";
import { mcpConnections } from "../../db/mcp-server-schema.ts";
import type { Sealer } from "../../secrets/sealer.ts";
import type { ServerKey } from "../server-key.ts";
import { type ConnectionState, connectionStateSchema, parseSealed } from "./connection-state.ts";

export type Connection = {
  url: string;
  version: number;
  /** Somebody has claimed to renew it, and may still bring another. */
  renewing: boolean;
  state: ConnectionState;
};

/** One sign-in of a person, until it is renewed or made anew. */
export type Held = Pick<Connection, "url" | "version">;

export type ConnectionStore = {
  read(key: ServerKey): Promise<Connection | null>;
  /** Puts a new one in the place of any other. */
  replace(key: ServerKey, url: string, state: ConnectionState): Promise<void>;
  /** True for the one caller who is to renew this version now. */
  claim(key: ServerKey, held: Held, untilMs: number): Promise<boolean>;
  /** Gives the claim back: nothing came of it. */
  release(key: ServerKey, held: Held): Promise<void>;
  /** The renewed one, unless another one came between. */
  renewed(key: ServerKey, held: Held, state: ConnectionState): Promise<void>;
  /** This one, never another that came between. */
  remove(key: ServerKey, held: Held): Promise<void>;
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
        // Not from 1: one that was removed and made anew is not taken for the one before.
        .values({ ...columnsOf(key), ...set, version: now().getTime() })
        .onConflictDoUpdate({
          target: [teamId, userId, scope, scopeId, server],
          set: { ...set, version: sql`${mcpConnections.version} + 1` },
        });
    },
    async claim(key, held, untilMs) {
      const isFree = and(isHeld(key, held), lt(mcpConnections.renewingUntilMs, now().getTime()));
      const set = { renewingUntilMs: untilMs };
      const { version } = mcpConnections;
      return (await db.update(mcpConnections).set(set).where(isFree).returning({ version })).length === 1;
    },
    async release(key, held) {
      await db.update(mcpConnections).set({ renewingUntilMs: 0 }).where(isHeld(key, held));
    },
    async renewed(key, held, state) {
      const sealed = await seal(key, held.url, state);
      const set = { sealed, version: held.version + 1, renewingUntilMs: 0, updatedAt: now().toISOString() };
      await db.update(mcpConnections).set(set).where(isHeld(key, held));
    },
    async remove(key, held) {
      await db.delete(mcpConnections).where(isHeld(key, held));
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
  const { db, sealer, now } = options;
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
  return { url: row.url, version: row.version, renewing: row.renewingUntilMs >= now().getTime(), state };
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

function isHeld(key: ServerKey, { url, version }: Held) {
  return and(of(key), eq(mcpConnections.version, version), eq(mcpConnections.url, url));
}

/** Tokens open for their own server's address alone, also when somebody changes the row. */
function contextOf({ team_id, user_id, place, name }: ServerKey, url: string): readonly string[] {
  return ["connection", team_id, user_id, place.scope, place.scope_id, name, url];
}
