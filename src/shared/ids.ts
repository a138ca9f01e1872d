// Ids: random UUIDs (v7), which sort by the time they were made. Randomness and clock are handed in.
import { z } from "zod";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** A lower-case UUID of any version (v5 ids come from idempotency keys). */
export const uuidSchema = z.string().regex(UUID, "must be a lower-case UUID");

export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/, "must be a SHA-256 in lower-case hex");

/** Makes a UUID v7 from a clock reading (ms since 1970) and 16 random bytes. */
export function uuidV7(nowMs: number, random: Uint8Array): string {
  const bytes = random.slice(0, 16);
  for (let index = 0; index < 6; index++) {
    bytes[index] = Math.floor(nowMs / 2 ** (8 * (5 - index))) % 256;
  }
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  return formatUuid(bytes);
}

/** When it was made, in ms since 1970. Of an id of another version it is a number that says nothing. */
export function timeOfUuidV7(id: string): number {
  return Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16);
}

/** Makes a UUID v5 from the SHA-1 of (namespace, name), which the caller computes. */
export function uuidV5(sha1: Uint8Array): string {
  const bytes = sha1.slice(0, 16);
  bytes[6] = 0x50 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  return formatUuid(bytes);
}

function formatUuid(bytes: Uint8Array): string {
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
