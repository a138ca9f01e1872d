// Sends closed packs to the edge, a few at once; the first failure is everybody's.
import { AppError } from "../../../shared/errors/app-error.ts";
import { EDGE_PATHS, PACKS_HEADER } from "../../../shared/rpc/protocol.ts";
import { PACKS_TOGETHER } from "../../../shared/checkpoints/format.ts";
import type { JobContext } from "../job-context.ts";
import { createPackKeeper } from "../transfer/pack-cache.ts";
import { askEdge, type EdgeQuestion } from "../transfer/edge-client.ts";

export type ClosedPack = { sha256: string; parts: readonly Uint8Array[]; bytes: number };

export type PackUploads = {
  send(pack: ClosedPack): void;
  /** Waits while as many are under way as may be. Throws what one of them failed with. */
  room(): Promise<void>;
  /** Waits for all; those that were stored. */
  finish(): Promise<{ sha256: string; bytes: number }[]>;
};

const UPLOADS_AT_ONCE = 3;

const sizeOf = (packs: readonly ClosedPack[]): number => packs.reduce((sum, { bytes }) => sum + bytes, 0);

const isSmall = ({ bytes }: ClosedPack): boolean => bytes <= PACKS_TOGETHER.bytes;

function addressOf(packs: readonly ClosedPack[]): Pick<EdgeQuestion, "path" | "headers" | "body"> {
  const body = packs.flatMap(({ parts }) => parts);
  const [first] = packs;
  if (first !== undefined && !isSmall(first)) return { path: `${EDGE_PATHS.packs}/${first.sha256}`, body };
  const named = packs.map(({ sha256, bytes }) => `${sha256}:${bytes}`).join(",");
  return { path: EDGE_PATHS.packs, headers: { [PACKS_HEADER]: named }, body };
}

export function createPackUploads(context: JobContext): PackUploads {
  const underWay = new Set<Promise<void>>();
  const stored = new Map<string, number>();
  const keeper = createPackKeeper(context.stateDir);
  /** They wait for others that go in the same request: most often for the list that names them. */
  let small: ClosedPack[] = [];
  let failure: unknown = null;

  async function upload(packs: readonly ClosedPack[]): Promise<void> {
    const asked = askEdge(context, { method: "PUT", access: "write", ...addressOf(packs) });
    // Small ones while they are on their way, which a large one would hold up. What is not stored in the end is read by nobody.
    for (const pack of packs) if (isSmall(pack)) keeper.keep(pack);
    const { status } = await asked;
    if (status < 200 || status > 299) {
      throw new AppError("checkpoint_failed", `The store for checkpoints refused a pack (${status}).`);
    }
    for (const pack of packs) {
      stored.set(pack.sha256, pack.bytes);
      if (!isSmall(pack)) keeper.keep(pack);
    }
  }
  function start(packs: readonly ClosedPack[]): void {
    const sending = upload(packs)
      .catch((error: unknown) => void (failure ??= error))
      .finally(() => underWay.delete(sending));
    underWay.add(sending);
  }
  function startSmall(): void {
    if (small.length > 0) start(small);
    small = [];
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
      if (!isSmall(pack)) return start([pack]);
      if (small.length === PACKS_TOGETHER.packs || sizeOf(small) + pack.bytes > PACKS_TOGETHER.bytes) startSmall();
      small.push(pack);
    },
    room: () => whileMoreThan(UPLOADS_AT_ONCE - 1),
    async finish() {
      startSmall();
      await whileMoreThan(0);
      return [...stored].map(([sha256, bytes]) => ({ sha256, bytes }));
    },
  };
}
