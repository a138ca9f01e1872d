// Configuration in D1: items as they are now, and every change of them. A change is one transaction under one new version.
import { and, desc, eq, lte, sql, type SQL } from "drizzle-orm";
import { z } from "zod";
import { type ConfigurationItem, configurationItemSchema, type ItemChange } from "../../shared/configuration/item.ts";
import type { Place } from "../../shared/configuration/place.ts";
import type { Database } from "../db/client.ts";
import { configurationChanges, configurationItems } from "../db/configuration-schema.ts";
import { teams } from "../db/schema.ts";
import { type Companion, NO_COMPANION } from "./companions.ts";

export type ChangeSet = {
  teamId: string;
  place: Place;
  changes: readonly ItemChange[];
  /** In words, for the list of versions. */
  summary: string;
  changedBy: string;
};

export type StoredItem = ConfigurationItem & { version: number; changed_by: string; changed_at: string };
export type VersionRow = { version: number; summary: string; changed_by: string; changed_at: string; items: string[] };

export type ConfigurationStore = {
  items(teamId: string, place: Place): Promise<StoredItem[]>;
  item(teamId: string, place: Place, key: Pick<ItemChange, "kind" | "name">): Promise<unknown>;
  /** The version that the change came with. */
  apply(set: ChangeSet): Promise<number>;
  /** Newest first; `before` pages on. */
  versions(teamId: string, place: Place, page: { before: number | null; limit: number }): Promise<VersionRow[]>;
  /** The place as it was right after that version; null when it has no such version. */
  itemsAt(teamId: string, place: Place, version: number): Promise<ConfigurationItem[] | null>;
};

export type ConfigurationStoreOptions = { db: Database; now: () => Date; companion?: Companion };

export function createConfigurationStore(options: ConfigurationStoreOptions): ConfigurationStore {
  const { db, now, companion = NO_COMPANION } = options;
  return {
    async items(teamId, place) {
      const rows = await db
        .select()
        .from(configurationItems)
        .where(at(configurationItems, teamId, place));
      return rows.flatMap(toStoredItem);
    },
    async item(teamId, place, { kind, name }) {
      const row = await db
        .select({ value: configurationItems.value })
        .from(configurationItems)
        .where(
          and(
            at(configurationItems, teamId, place),
            eq(configurationItems.kind, kind),
            eq(configurationItems.name, name),
          ),
        )
        .get();
      return row === undefined ? null : parseJson(row.value);
    },
    async apply(set) {
      const conditions = conditionsOf(companion, set);
      const guard = and(ALWAYS, ...conditions) ?? ALWAYS;
      const [bumped] = await db.batch([
        bumpVersion(db, set.teamId, guard),
        ...changeStatements({ db, companion }, set, now(), guard),
      ]);
      const [team] = bumped;
      if (team !== undefined) return team.version;
      if (conditions.length > 0) throw companion.refusal();
      throw new Error("the team of a principal has no row");
    },
    versions: (teamId, place, page) => listVersions(db, teamId, place, page),
    itemsAt: (teamId, place, version) => itemsAt(db, teamId, place, version),
  };
}

const ALWAYS = sql`1`;

/** The first statement of a change: everything after it carries the number that it makes. */
export function bumpVersion(db: Database, teamId: string, guard: SQL) {
  return db
    .update(teams)
    .set({ configurationVersion: sql`${teams.configurationVersion} + 1` })
    .where(and(eq(teams.id, teamId), guard))
    .returning({ version: teams.configurationVersion });
}

export function conditionsOf(companion: Companion, set: Pick<ChangeSet, "teamId" | "changes">): SQL[] {
  return set.changes.flatMap((change) => companion.condition(set, change) ?? []);
}

type Writing = { db: Database; companion: Companion };

/** What a change writes, where `guard` holds. */
export function changeStatements({ db, companion }: Writing, set: ChangeSet, now: Date, guard: SQL) {
  return set.changes.flatMap((change) => [
    recordChange(db, set, { change, now, guard }),
    writeItem(db, set, { change, now, guard }),
    ...companion.statements(set, change, now, guard),
  ]);
}

type One = { change: ItemChange; now: Date; guard: SQL };

const versionOf = (teamId: string): SQL => sql`(select configuration_version from teams where id = ${teamId})`;

function recordChange(db: Database, { teamId, place, summary, changedBy }: ChangeSet, { change, now, guard }: One) {
  const { kind, name } = change;
  return db.insert(configurationChanges).select(sql`select ${teamId}, ${versionOf(teamId)}, ${place.scope},
    ${place.scope_id}, ${kind}, ${name}, ${toJson(change.value)}, ${summary}, ${changedBy}, ${now.toISOString()}
    where ${guard}`);
}

function writeItem(db: Database, { teamId, place, changedBy }: ChangeSet, { change, now, guard }: One) {
  const { kind, name } = change;
  const table = configurationItems;
  if (change.value === null) {
    return db.delete(table).where(and(at(table, teamId, place), eq(table.kind, kind), eq(table.name, name), guard));
  }
  return db
    .insert(table)
    .select(
      sql`select ${teamId}, ${place.scope}, ${place.scope_id}, ${kind}, ${name}, ${toJson(change.value)},
        ${versionOf(teamId)}, ${changedBy}, ${now.toISOString()} where ${guard}`,
    )
    .onConflictDoUpdate({
      target: [table.teamId, table.scope, table.scopeId, table.kind, table.name],
      set: {
        value: sql`excluded.value`,
        version: sql`excluded.version`,
        changedBy: sql`excluded.changed_by`,
        changedAt: sql`excluded.changed_at`,
      },
    });
}

/** Null removes an item. */
export function toJson(value: unknown): string | null {
  return value === null ? null : JSON.stringify(value);
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
