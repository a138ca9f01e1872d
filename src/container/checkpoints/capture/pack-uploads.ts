// Sends closed packs to the edge, a few at once; the first failure is everybody's.
import { AppError } from "../../../shared/errors/app-error.ts";
import { EDGE_PATHS } from "../../../shared/rpc/protocol.ts";
import type { JobContext } from "../job-context.ts";
import { createPackKeeper } from "../transfer/pack-cache.ts";
import { askEdge } from "../transfer/edge-client.ts";

export type ClosedPack = { sha256: string; parts: readonly Uint8Array[]; bytes: number };

export type PackUploads = {
  send(pack: ClosedPack): void;
  /** Waits while as many are under way as may be. Throws what one of them failed with. */
  room(): Promise<void>;
  /** Waits for all; those that were stored. */
  finish(): Promise<{ sha256: string; bytes: number }[]>;
};

const UPLOADS_AT_ONCE = 3;

export function createPackUploads(context: JobContext): PackUploads {
  const underWay = new Set<Promise<void>>();
  const stored = new Map<string, number>();
  const keeper = createPackKeeper(context.stateDir);
  let failure: unknown = null;

  async function upload(pack: ClosedPack): Promise<void> {
    const { status } = await askEdge(context, {
      method: "PUT",
      path: `${EDGE_PATHS.packs}/${pack.sha256}`,
      access: "write",
      body: pack.parts,
    });
    if (status < 200 || status > 299) {
      throw new AppError("checkpoint_failed", `The store for checkpoints refused a pack (${status}).`);
    }
    stored.set(pack.sha256, pack.bytes);
    keeper.keep(pack);
  }
  async function whileMoreThan(limit: number): Promise<void> {
    for (;;) {
      if (failure !== null) throw failure;
      if (underWay.size <= limit) return;
      await Promise.race(underWay);
    }
  }
  return {
    send(pack) {
      const sending = upload(pack)
        .catch((error: unknown) => void (failure ??= error))
        .finally(() => underWay.delete(sending));
      underWay.add(sending);
    },
    room: () => whileMoreThan(UPLOADS_AT_ONCE - 1),
    async finish() {
      await whileMoreThan(0);
      return [...stored].map(([sha256, bytes]) => ({ sha256, bytes }));
    },
  };
}
