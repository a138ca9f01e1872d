// Brings what was recorded to those who must know: rows to D1, manifests that were replaced out of R2, word to the sessions.
import { manifestKey } from "../../shared/checkpoints/checkpoint-keys.ts";
import type { SessionApi } from "../../shared/rpc/session-api.ts";
import { CALL_DEADLINE_MS, withDeadline } from "../deadline.ts";
import { deliverOutbox } from "../outbox/outbox-delivery.ts";
import type { OutboxPayload, OutboxRow, OutboxStore } from "../outbox/outbox-store.ts";
import type { TellingStore } from "./telling-store.ts";

const STORE_DEADLINE_MS = 60_000;

type Parts = {
  outbox: OutboxStore;
  tellings: TellingStore;
  database: D1Database;
  bucket: Pick<R2Bucket, "delete">;
  session(sessionId: string): Pick<SessionApi, "checkpointCreated">;
};

export type CheckpointDelivery = {
  owes(): boolean;
  owesRows(): boolean;
  /** True when nothing is left. Throws what cannot be delivered now. */
  run(): Promise<boolean>;
};

export function createCheckpointDelivery({ outbox, tellings, database, bucket, session }: Parts): CheckpointDelivery {
  const owes = (): boolean => outbox.pending(1).length > 0 || tellings.pending().length > 0;

  /** The row first: none may name a manifest that is missing. */
  const removeManifests = async (rows: readonly OutboxRow[]): Promise<void> => {
    const keys = rows.filter(({ kind }) => kind === "checkpoint_gone").map(({ payload }) => keyOf(payload));
    if (keys.length > 0) await bucket.delete(keys);
  };
  const deliver = async (): Promise<void> => void (await deliverOutbox(outbox, database, removeManifests));

  return {
    owes,
    owesRows: () => outbox.pending(1).length > 0,
    async run() {
      // A session that does not answer holds up no row.
      const [rows, words] = await Promise.allSettled([
        withDeadline(deliver(), STORE_DEADLINE_MS),
        tell(tellings, session),
      ]);
      for (const { status, ...outcome } of [rows, words])
        if (status === "rejected" && "reason" in outcome) throw outcome.reason;
      return !owes();
    },
  };
}

function keyOf({ team_id, project_id, manifest_sha256 }: OutboxPayload): string {
  return manifestKey({ team_id: String(team_id), project_id: String(project_id) }, String(manifest_sha256));
}

async function tell(tellings: TellingStore, session: Parts["session"]): Promise<void> {
  for (const record of tellings.pending()) {
    if (record.session_id !== null)
      await withDeadline(session(record.session_id).checkpointCreated(record), CALL_DEADLINE_MS);
    tellings.remove(record.checkpoint_id);
  }
}
