// Secrets that were taken out of definitions, in D1: kept under names that nothing uses yet, gone once nothing names them.
import { and, eq, inArray, isNotNull, lt, not, sql, type SQL } from "drizzle-orm";
import type { Place } from "../../shared/configuration/place.ts";
import { findReferences } from "../../shared/secrets/secret-reference.ts";
import { configurationItems, proposals } from "../db/configuration-schema.ts";
import { secrets } from "../db/mcp-server-schema.ts";
import { atPlace, type NewSecret, sealedRow, type SecretStoreOptions } from "./secret-store.ts";

export type LiftedSecretStore = {
  /** Names that stand in a definition or in an open proposal, whether there is a value or not. */
  named(teamId: string, place: Place): Promise<string[]>;
  /** Keeps all of them, or none: then it says which names were taken meanwhile. */
  add(teamId: string, place: Place, lifted: readonly NewSecret[]): Promise<string[]>;
  /** A definition that is not wanted: removes those of its names that nothing else names. */
  dropRefused(teamId: string, place: Place, refused: LiftedFrom): Promise<void>;
  /** A server that is gone: removes all that were made for it, but for what other definitions and proposals name. */
  dropRemoved(teamId: string, place: Place, removed: LiftedFrom): Promise<void>;
  /** What no answer of a person ends: proposals that expired, and calls that were cut before they proposed. */
  sweep(): Promise<void>;
};

/** A server's definition, by the secrets that it names. */
export type LiftedFrom = { server: string; names: readonly string[] };

/** Between the moment when a secret is kept and that when its definition is. */
const SETTLES_MS = 60 * 60_000;

export function createLiftedSecretStore(options: SecretStoreOptions): LiftedSecretStore {
  const { db, now } = options;
  const unused = (): SQL | undefined => and(not(namedByItem()), not(namedByOpenProposal(now())));
  return {
    named: (teamId, place) => named(options, teamId, place),
    add: (teamId, place, lifted) => add(options, teamId, place, lifted),
    async dropRefused(teamId, place, from) {
      await db.delete(secrets).where(and(madeFor(teamId, place, from), isAmong(from), unused()));
    },
    async dropRemoved(teamId, place, from) {
      // A proposal about what is gone cannot be confirmed: it does not keep what that named.
      const isWaitedFor = and(not(isAmong(from)), namedByOpenProposal(now())) ?? NEVER;
      await db.delete(secrets).where(and(madeFor(teamId, place, from), not(namedByItem()), not(isWaitedFor)));
    },
    async sweep() {
      const settled = lt(secrets.updatedAt, new Date(now().getTime() - SETTLES_MS).toISOString());
      await db.delete(secrets).where(and(isNotNull(secrets.madeFor), settled, unused(), not(namedByVersion())));
    },
  };
}

const NEVER = sql`0`;
const isAmong = ({ names }: LiftedFrom): SQL => (names.length === 0 ? NEVER : inArray(secrets.name, [...names]));

function madeFor(teamId: string, place: Place, { server }: LiftedFrom): SQL | undefined {
  return and(atPlace(teamId, place), eq(secrets.madeFor, server));
}

async function named({ db, now }: SecretStoreOptions, teamId: string, place: Place): Promise<string[]> {
  const { scope, scope_id } = place;
  const items = configurationItems;
  const isServer = and(eq(items.teamId, teamId), eq(items.scope, scope), eq(items.scopeId, scope_id), SERVERS);
  const here = and(eq(proposals.teamId, teamId), eq(proposals.scope, scope), eq(proposals.scopeId, scope_id));
  const open = and(eq(proposals.state, "open"), sql`${proposals.expiresAt} > ${now().toISOString()}`);
  const [kept, proposed] = await db.batch([
    db.select({ text: items.value }).from(items).where(isServer),
    db
      .select({ text: proposals.changes })
      .from(proposals)
      .where(and(here, open, sql`instr(${proposals.changes}, ${BEGINNING}) > 0`)),
  ]);
  return [...kept, ...proposed].flatMap(({ text }) => findReferences(text));
}

const SERVERS = eq(configurationItems.kind, "mcp_server");

async function add(
  { db, sealer, now }: SecretStoreOptions,
  teamId: string,
  place: Place,
  lifted: readonly NewSecret[],
): Promise<string[]> {
  const rows = await Promise.all(lifted.map((secret) => sealedRow({ sealer, now }, teamId, place, secret)));
  const [first, ...rest] = rows.map((row) =>
    db.insert(secrets).values(row).onConflictDoNothing().returning({ name: secrets.name }),
  );
  if (first === undefined) return [];
  const kept = (await db.batch([first, ...rest])).flat().map(({ name }) => name);
  const taken = lifted.map(({ name }) => name).filter((name) => !kept.includes(name));
  if (taken.length > 0 && kept.length > 0) {
    await db.delete(secrets).where(and(atPlace(teamId, place), inArray(secrets.name, kept)));
  }
  return taken;
}

/** How a reference begins, as it stands in JSON: nothing in it is escaped. */
const BEGINNING = "${secret:";
const names = (text: SQL): SQL => sql`instr(${text}, ${BEGINNING} || ${secrets.name} || '}') > 0`;
const samePlace = sql`team_id = ${secrets.teamId} and scope = ${secrets.scope} and scope_id = ${secrets.scopeId}`;

function namedByItem(): SQL {
  return sql`exists (select 1 from configuration_items where ${samePlace} and kind = 'mcp_server' and ${names(sql`value`)})`;
}

function namedByOpenProposal(now: Date): SQL {
  return sql`exists (select 1 from proposals where ${samePlace} and state = 'open'
    and expires_at > ${now.toISOString()} and ${names(sql`changes`)})`;
}

/** A version that can be restored. */
function namedByVersion(): SQL {
  return sql`exists (select 1 from configuration_changes where ${samePlace} and kind = 'mcp_server' and ${names(sql`value`)})`;
}
