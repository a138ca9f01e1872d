// Stores the packs of a small checkpoint, which came along with the runner's answer: rows in D1 before bytes in the bucket.
import { fromBase64 } from "../../shared/checkpoints/bytes-text.ts";
import { packKey } from "../../shared/checkpoints/checkpoint-keys.ts";
import { AppError } from "../../shared/errors/app-error.ts";
import type { TakenTree } from "../../shared/rpc/runner-checkpoint-api.ts";
import type { Clock } from "../clock.ts";

type SmallPack = TakenTree["small_packs"][number];
type Owner = { team_id: string; project_id: string };
type Parts = { database: D1Database; bucket: Pick<R2Bucket, "put">; clock: Pick<Clock, "nowIso"> };

export type SmallPackStore = {
  /** Throws `checkpoint_failed` once patience is at its end: as patient as the runner is with those that it sends. */
  store(owner: Owner, packs: readonly SmallPack[]): Promise<void>;
};

/** Before each further try. */
const PAUSES_MS = [100, 300, 1000, 3000];

export function createSmallPackStore(parts: Parts): SmallPackStore {
  return {
    async store(owner, packs) {
      if (packs.length === 0) return;
      const contents = packs.map(({ sha256, base64 }) => ({ sha256, bytes: fromBase64(base64) }));
      for (const pause of [...PAUSES_MS, null]) {
        try {
          return await storeOnce(parts, owner, contents);
        } catch (cause) {
          const message = "The store for checkpoints could not be reached. Nothing was changed; try again.";
          if (pause === null) throw new AppError("checkpoint_failed", message, { cause });
          await new Promise((resolve) => setTimeout(resolve, pause));
        }
      }
    },
  };
}

type Content = { sha256: string; bytes: Uint8Array };

/** R2 checks the SHA-256. A row begins the pack's grace anew, so that no sweep takes it before the checkpoint names it. */
async function storeOnce({ database, bucket, clock }: Parts, owner: Owner, packs: readonly Content[]): Promise<void> {
  const claimed = await database.batch(
    packs.map(({ sha256, bytes }) =>
      database
        .prepare(
          `INSERT INTO checkpoint_packs (team_id, sha256, bytes, stored_at) VALUES (?, ?, ?, ?)
           ON CONFLICT (team_id, sha256) DO UPDATE SET stored_at = excluded.stored_at WHERE condemned_at IS NULL
           RETURNING sha256`,
        )
        .bind(owner.team_id, sha256, bytes.byteLength, clock.nowIso()),
    ),
  );
  if (claimed.some(({ results }) => results.length === 0)) throw new Error("a pack of that name is being removed");
  await Promise.all(
    packs.map(({ sha256, bytes }) =>
      bucket.put(packKey(owner.team_id, sha256), bytes, { sha256, customMetadata: { project_id: owner.project_id } }),
    ),
  );
}
