// SHA-256 as the checkpoint format writes it: lower-case hex.
import { toHex } from "../../../shared/checkpoints/bytes-text.ts";

/** A view is hashed as it is, without a copy. */
export async function sha256Hex(bytes: Uint8Array): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}
