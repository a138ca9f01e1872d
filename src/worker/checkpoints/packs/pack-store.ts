// Packs in D1: which the bucket may hold, and which of them are being removed.
import { isNull, sql } from "drizzle-orm";
import type { Database } from "../../db/client.ts";
import { checkpointPacks } from "../../db/schema.ts";

export type PackStore = {
  /** Says that a pack is about to be stored, and begins its grace anew. False while it is being removed. */
  claim(teamId: string, pack: { sha256: string; bytes: number }): Promise<boolean>;
};

export function createPackStore({ db, now }: { db: Database; now: () => Date }): PackStore {
  return {
    async claim(teamId, pack) {
      const storedAt = now().toISOString();
      const claimed = await db
        .insert(checkpointPacks)
        .values({ teamId, ...pack, storedAt })
        .onConflictDoUpdate({
          target: [checkpointPacks.teamId, checkpointPacks.sha256],
          set: { storedAt: sql`excluded.stored_at` },
          setWhere: isNull(checkpointPacks.condemnedAt),
        })
        .returning({ sha256: checkpointPacks.sha256 });
      return claimed.length > 0;
    },
  };
}
