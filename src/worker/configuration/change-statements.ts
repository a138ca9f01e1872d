// The statements by which a change of the configuration is written: in one transaction, wholly or not at all.
import { and, eq, sql, type SQL } from "drizzle-orm";
import { z } from "zod";
import type { ItemChange } from "../../shared/configuration/item.ts";
import type { Place } from "../../shared/configuration/place.ts";
import { jsonBytes } from "../../shared/events/shorten.ts";
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

/** A parameter of D1 ends at 2 MB, and a statement has 100 of them: changes go along as JSON, in so many bytes each. */
export const MAX_PARAMETER_BYTES = 1_500_000;

type Writing = { at: Date; guard: SQL; companion?: Companion | undefined };

/**
 * `guard` is asked before anything is written. What follows goes by the rows of a version that the team has not come to
 * yet: this transaction alone sees any. The last statement moves the team on to it, and returns it.
 */
export function changeStatements(db: Database, set: ChangeSet, { at, guard, companion = NO_COMPANION }: Writing) {
  const condition = companion.condition(set);
  const [first = [], ...rest] = splitBySize(set.changes);
  const [removed, put] = [true, false].map((isRemoval) =>
    set.changes.filter(({ value }) => (value === null) === isRemoval),
  );
  const isUnderWay = sql`exists (select 1 from configuration_changes
    where team_id = ${set.teamId} and version = ${nextVersion(set.teamId)})`;
  return [
    recordChanges(db, set, { changes: first, at, guard: and(guard, condition ?? undefined) ?? guard }),
    ...rest.map((changes) => recordChanges(db, set, { changes, at, guard: isUnderWay })),
    removeItems(db, set, { changes: removed ?? [], guard: isUnderWay }),
    ...splitBySize(put ?? []).map((changes) => putItems(db, set, { changes, at, guard: isUnderWay })),
    ...companion.statements(set, { next: nextVersion(set.teamId), guard: isUnderWay, at }),
    db
      .update(teams)
      .set({ configurationVersion: sql`${teams.configurationVersion} + 1` })
      .where(sql`${eq(teams.id, set.teamId)} and ${isUnderWay}`)
      .returning({ version: teams.configurationVersion }),
  ] as const;
}

const movedSchema = z.array(z.object({ version: z.number() })).max(1);

/** Of the answers to a batch that ends with such statements; null when the guard did not hold. */
export function versionIn(answers: readonly unknown[]): number | null {
  return movedSchema.parse(answers.at(-1))[0]?.version ?? null;
}

type Some = { changes: readonly ItemChange[]; guard: SQL };

const nextVersion = (teamId: string): SQL => sql`(select configuration_version + 1 from teams where id = ${teamId})`;

const eachOf = (changes: readonly ItemChange[]): SQL => sql`json_each(${JSON.stringify(changes)}) one`;

function recordChanges(db: Database, { teamId, place, summary, changedBy }: ChangeSet, some: Some & { at: Date }) {
  return db.insert(configurationChanges).select(sql`select ${teamId}, ${nextVersion(teamId)}, ${place.scope},
    ${place.scope_id}, one.value ->> 'kind', one.value ->> 'name', nullif(one.value -> 'value', 'null'), ${summary},
    ${changedBy}, ${some.at.toISOString()} from ${eachOf(some.changes)} where ${some.guard}`);
}

function removeItems(db: Database, { teamId, place }: ChangeSet, { changes, guard }: Some) {
  return db.delete(configurationItems).where(sql`team_id = ${teamId} and scope = ${place.scope}
    and scope_id = ${place.scope_id} and ${guard}
    and (kind, name) in (select one.value ->> 'kind', one.value ->> 'name' from ${eachOf(changes)})`);
}

function putItems(db: Database, { teamId, place, changedBy }: ChangeSet, some: Some & { at: Date }) {
  const table = configurationItems;
  return db
    .insert(table)
    .select(
      sql`select ${teamId}, ${place.scope}, ${place.scope_id}, one.value ->> 'kind', one.value ->> 'name',
        one.value -> 'value', ${nextVersion(teamId)}, ${changedBy}, ${some.at.toISOString()}
        from ${eachOf(some.changes)} where ${some.guard}`,
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

function splitBySize(changes: readonly ItemChange[]): ItemChange[][] {
  const parts: ItemChange[][] = [];
  let leftBytes = 0;
  for (const change of changes) {
    const bytes = jsonBytes(change) + 1;
    if (bytes > leftBytes) {
      parts.push([]);
      leftBytes = MAX_PARAMETER_BYTES;
    }
    parts.at(-1)?.push(change);
    leftBytes -= bytes;
  }
  return parts;
}
