// Fresh ids from this machine's clock and randomness.
import { randomBytes } from "node:crypto";
import { uuidV7 } from "../shared/ids.ts";

export function newId(): string {
  return uuidV7(Date.now(), randomBytes(16));
}
