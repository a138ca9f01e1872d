// Configuration in D1: items as they are now, and every change of them. A change is one transaction under one new version.
import { and, desc, eq, lte, max, sql } from "drizzle-orm";
import { z } from "zod";
import { type ConfigurationItem, configurationItemSchema } from "../../shared/configuration/item.ts";
import type { Place } from "../../shared/configuration/place.ts";
import type { Database } from "../db/client.ts";
import { configurationChanges, configurationItems } from "../db/configuration-schema.ts";
import type { Companion } from "./companions.ts";
import { type ChangeSet, changeStatements, versionIn } from "./change-statements.ts";

export type StoredItem = ConfigurationItem & { version: number; changed_by: string; changed_at: string };
export type VersionRow = { version: number; summary: string; changed_by: string; changed_at: string; items: string[] };

/** A place as it is; `version` is that of its newest change, null before the first. */
export type PlaceNow = { version: number | null; items: StoredItem[] };

export type ConfigurationStore = {
  items(teamId: string, place: Place): Promise<StoredItem[]>;
  /** What a change is worked out from: `apply` takes its version back. */
  read(teamId: string, place: Place): Promise<PlaceNow>;
  /**
   * The version that the change came with; null when the place was changed after `seen`, and nothing was written. Throws what
   * the companion says where that refuses it.
   */
  apply(set: ChangeSet, seen: PlaceNow["version"]): Promise<number | null>;
  /** Newest first; `before` pages on. */
  versions(teamId: string, place: Place, page: { before: number | null; limit: number }): Promise<VersionRow[]>;
  /** The place as it was right after that version; null when it has no such version. */
  itemsAt(teamId: string, place: Place, version: number): Promise<ConfigurationItem[] | null>;
};

export type ConfigurationStoreOptions = { db: Database; now: () => Date; companion?: Companion };

export function createConfigurationStore({ db, now, companion }: ConfigurationStoreOptions): ConfigurationStore {
  const selectItems = (teamId: string, place: Place) =>
    db
      .select()
      .from(configurationItems)
      .where(at(configurationItems, teamId, place));
  return {
    items: async (teamId, place) => (await selectItems(teamId, place)).flatMap(toStoredItem),
    async read(teamId, place) {
      const newest = db
        .select({ version: max(configurationChanges.version) })
        .from(configurationChanges)
        .where(at(configurationChanges, teamId, place));
      const [rows, [found]] = await db.batch([selectItems(teamId, place), newest]);
      return { version: found?.version ?? null, items: rows.flatMap(toStoredItem) };
    },
    async apply(set, seen) {
      const isAsSeen = sql`(select max(version) from configuration_changes where team_id = ${set.teamId}
        and scope = ${set.place.scope} and scope_id = ${set.place.scope_id}) is ${seen}`;
      const [first, ...rest] = changeStatements(db, set, { at: now(), guard: isAsSeen, companion });
      const version = versionIn(await db.batch([first, ...rest]));
      const refusal = version === null ? await companion?.refusal(set) : null;
      if (refusal) throw refusal;
      return version;
    },
    versions: (teamId, place, page) => listVersions(db, teamId, place, page),
    itemsAt: (teamId, place, version) => itemsAt(db, teamId, place, version),
  };
}

type PlacedTable = typeof configurationItems | typeof configurationChanges;

function at(table: PlacedTable, teamId: string, place: Place) {
  return and(eq(table.teamId, teamId), eq(table.scope, place.scope), eq(table.scopeId, place.scope_id));
}

function toStoredItem(row: typeof configurationItems.$inferSelect): StoredItem[] {
  const item = configurationItemSchema.safeParse({ kind: row.kind, name: row.name, value: parseJson(row.value) });
  // A kind that this build does not know belongs to a newer one.
  if (!item.success) return [];
  return [{ ...item.data, version: row.version, changed_by: row.changedBy, changed_at: row.changedAt }];
}

function parseJson(text: string): unknown {
  return JSON.parse(text) as unknown;
}

async function listVersions(
  db: Database,
  teamId: string,
  place: Place,
  { before, limit }: { before: number | null; limit: number },
): Promise<VersionRow[]> {
  const { version, summary, changedBy, changedAt, kind, name } = configurationChanges;
  const rows = await db
    .select({
      version,
      summary,
      changed_by: changedBy,
      changed_at: changedAt,
      items: sql<string>`json_group_array(${kind} || ' ' || ${name})`,
    })
    .from(configurationChanges)
    .where(and(at(configurationChanges, teamId, place), before === null ? undefined : sql`${version} < ${before}`))
    .groupBy(version)
    .orderBy(desc(version))
    .limit(limit);
  return rows.map((row) => ({ ...row, items: z.array(z.string()).parse(parseJson(row.items)) }));
}

async function itemsAt(
  db: Database,
  teamId: string,
  place: Place,
  version: number,
): Promise<ConfigurationItem[] | null> {
  const here = at(configurationChanges, teamId, place);
  const rows = await db
    .select()
    .from(configurationChanges)
    .where(and(here, lte(configurationChanges.version, version)))
    .orderBy(configurationChanges.version);
  if (!rows.some((row) => row.version === version)) return null;
  const newest = new Map(rows.map((row) => [`${row.kind} ${row.name}`, row]));
  return [...newest.values()].flatMap(({ kind, name, value }) => {
    if (value === null) return [];
    const item = configurationItemSchema.safeParse({ kind, name, value: parseJson(value) });
    return item.success ? [item.data] : [];
  });
}
