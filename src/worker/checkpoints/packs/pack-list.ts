// Several small packs in one request: which they are, and each one's part of the body.
import { PACKS_TOGETHER } from "../../../shared/checkpoints/format.ts";

export type NamedPack = { sha256: string; bytes: number };

const ONE = /^([0-9a-f]{64}):([1-9][0-9]{0,7})$/;

/** Reads PACKS_HEADER; null for what is none of them, for one that is named twice, and for more than may come together. */
export function parsePackList(header: string | null): NamedPack[] | null {
  const packs = (header ?? "").split(",").map((text) => {
    const [, sha256 = "", bytes = ""] = ONE.exec(text) ?? [];
    return { sha256, bytes: Number(bytes) };
  });
  const isEachNamed = packs.every(({ bytes }) => bytes > 0) && new Set(packs.map(nameOf)).size === packs.length;
  const isFew = packs.length <= PACKS_TOGETHER.packs && totalOf(packs) <= PACKS_TOGETHER.bytes;
  return isEachNamed && isFew ? packs : null;
}

/** Null where the body is not as long as they are together. */
export function splitPacks(body: ArrayBuffer, packs: readonly NamedPack[]): ArrayBuffer[] | null {
  if (body.byteLength !== totalOf(packs)) return null;
  let at = 0;
  return packs.map(({ bytes }) => body.slice(at, (at += bytes)));
}

const nameOf = ({ sha256 }: NamedPack): string => sha256;
const totalOf = (packs: readonly NamedPack[]): number => packs.reduce((sum, { bytes }) => sum + bytes, 0);
