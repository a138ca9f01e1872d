// Packs in D1: which the bucket may hold, and which of them are being removed.
import { isNull, sql } from "drizzle-orm";
import type { Database } from "../../db/client.ts";
import { checkpointPacks } from "../../db/schema.ts";
import type { NamedPack } from "./pack-list.ts";

export type PackStore = {
  /** Says that packs are about to be stored, and begins their grace anew. False while one of them is being removed. */
  claim(teamId: string, packs: readonly NamedPack[]): Promise<boolean>;
};

export function createPackStore({ db, now }: { db: Database; now: () => Date }): PackStore {
  return {
    async claim(teamId, packs) {
      const storedAt = now().toISOString();
      const claimed = await db
        .insert(checkpointPacks)
        .values(packs.map((pack) => ({ teamId, ...pack, storedAt })))
        .onConflictDoUpdate({
          target: [checkpointPacks.teamId, checkpointPacks.sha256],
          set: { storedAt: sql`excluded.stored_at` },
          setWhere: isNull(checkpointPacks.condemnedAt),
        })
        .returning({ sha256: checkpointPacks.sha256 });
      return claimed.length === packs.length;
    },
  };
}
