// Time and randomness as the objects get them: handed in, so that tests can move both.
import { uuidV7 } from "../shared/ids.ts";

export type Clock = {
  nowMs(): number;
  nowIso(): string;
  newId(): string;
};

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  nowIso: () => new Date().toISOString(),
  newId: () => uuidV7(Date.now(), crypto.getRandomValues(new Uint8Array(16))),
};
