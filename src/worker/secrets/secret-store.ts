// Secrets in D1: sealed values by place and name. What leaves this file in clear goes into one request and nowhere else.
import { and, eq } from "drizzle-orm";
import type { Place } from "../../shared/configuration/place.ts";
import type { Database } from "../db/client.ts";
import { secrets } from "../db/mcp-server-schema.ts";
import type { Sealer } from "./sealer.ts";

/** What is shown of a secret: never its value. */
export type SecretRow = { name: string; made_for: string | null; created_by: string; updated_at: string };

export type NewSecret = { name: string; value: string; madeFor: string | null; createdBy: string };

export type SecretStore = {
  list(teamId: string, place: Place): Promise<SecretRow[]>;
  /** Null for one that is not there, or cannot be opened any more. */
  read(teamId: string, place: Place, name: string): Promise<string | null>;
  /** Keeps it, or puts another value in its place. */
  put(teamId: string, place: Place, secret: NewSecret): Promise<void>;
  remove(teamId: string, place: Place, name: string): Promise<void>;
};

/** What a person enters, and what is taken out of definitions. */
export const MAX_SECRETS_PER_PLACE = 200;

export type SecretStoreOptions = { db: Database; sealer: Sealer; now: () => Date };

export function createSecretStore({ db, sealer, now }: SecretStoreOptions): SecretStore {
  return {
    async list(teamId, place) {
      const { name, madeFor, createdBy, updatedAt } = secrets;
      return db
        .select({ name, made_for: madeFor, created_by: createdBy, updated_at: updatedAt })
        .from(secrets)
        .where(atPlace(teamId, place))
        .orderBy(name);
    },
    async read(teamId, place, name) {
      const row = await db
        .select({ sealed: secrets.sealed })
        .from(secrets)
        .where(and(atPlace(teamId, place), eq(secrets.name, name)))
        .get();
      const value = row === undefined ? null : await sealer.open(row.sealed, contextOf(teamId, place, name));
      if (row !== undefined && value !== null && sealer.isOld(row.sealed)) {
        // With its use a secret moves to the newest key, unless somebody has just entered another one.
        const sealed = await sealer.seal(value, contextOf(teamId, place, name));
        const isSame = and(atPlace(teamId, place), eq(secrets.name, name), eq(secrets.sealed, row.sealed));
        await db.update(secrets).set({ sealed }).where(isSame);
      }
      return value;
    },
    async put(teamId, place, secret) {
      const row = await sealedRow({ sealer, now }, teamId, place, secret);
      const { sealed, createdBy, updatedAt } = row;
      await db
        .insert(secrets)
        .values(row)
        .onConflictDoUpdate({
          target: [secrets.teamId, secrets.scope, secrets.scopeId, secrets.name],
          set: { sealed, createdBy, updatedAt },
        });
    },
    async remove(teamId, place, name) {
      await db.delete(secrets).where(and(atPlace(teamId, place), eq(secrets.name, name)));
    },
  };
}

/** A secret as it lies there. */
export async function sealedRow(
  { sealer, now }: Pick<SecretStoreOptions, "sealer" | "now">,
  teamId: string,
  place: Place,
  { name, value, madeFor, createdBy }: NewSecret,
) {
  const sealed = await sealer.seal(value, contextOf(teamId, place, name));
  const at = now().toISOString();
  const { scope, scope_id: scopeId } = place;
  return { teamId, scope, scopeId, name, sealed, madeFor, createdBy, createdAt: at, updatedAt: at };
}

export function atPlace(teamId: string, { scope, scope_id }: Place) {
  return and(eq(secrets.teamId, teamId), eq(secrets.scope, scope), eq(secrets.scopeId, scope_id));
}

function contextOf(teamId: string, { scope, scope_id }: Place, name: string): readonly string[] {
  return ["secret", teamId, scope, scope_id, name];
}
