// Sends closed packs to the edge, a few at once; the first failure is everybody's. Few and small ones are held back to the
// end, and handed over together.
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
  /** Waits for all: those that are stored, and among them those that are small, whose storing is the caller's. */
  finish(): Promise<{ stored: { sha256: string; bytes: number }[]; small: { sha256: string; base64: string }[] }>;
};

const UPLOADS_AT_ONCE = 3;

/** `smallBytes`: what packs may come to in all to be held back; 0 for none. */
export function createPackUploads(context: JobContext, smallBytes: number): PackUploads {
  const underWay = new Set<Promise<void>>();
  const stored = new Map<string, number>();
  const keeper = createPackKeeper(context.stateDir);
  let failure: unknown = null;
  const held: ClosedPack[] = [];
  let heldBytes = 0;
  let isHolding = true;

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
  function start(pack: ClosedPack): void {
    const sending = upload(pack)
      .catch((error: unknown) => void (failure ??= error))
      .finally(() => underWay.delete(sending));
    underWay.add(sending);
  }
  return {
    send(pack) {
      heldBytes += pack.bytes;
      held.push(pack);
      isHolding &&= heldBytes <= smallBytes;
      if (!isHolding) for (const one of held.splice(0)) start(one);
    },
    room: () => whileMoreThan(UPLOADS_AT_ONCE - 1),
    async finish() {
      await whileMoreThan(0);
      for (const pack of held) keeper.keep(pack);
      const all = [...stored, ...held.map(({ sha256, bytes }) => [sha256, bytes] as const)];
      return {
        stored: all.map(([sha256, bytes]) => ({ sha256, bytes })),
        small: held.map(({ sha256, parts }) => ({ sha256, base64: Buffer.concat(parts).toString("base64") })),
      };
    },
  };
}
