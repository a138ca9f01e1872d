// A row in D1 follows its checkpoint by a delivery. Who has the id already is not told that there is none: it is looked
// for again as long as the id is that young.
import { timeOfUuidV7 } from "../../shared/ids.ts";

const YOUNG_MS = 5_000;
/** Between one look and the next: a second in all. */
const PAUSES_MS = [20, 40, 80, 160, 300, 400];

/** Null when it is still not there. One that is no longer young is looked for once. */
export async function findYoung<T>(checkpointId: string, look: () => Promise<T | null>): Promise<T | null> {
  for (const pauseMs of PAUSES_MS) {
    const found = await look();
    if (found !== null || !isYoung(checkpointId)) return found;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  return look();
}

/** By the clock of the object that made it, which may be another's than ours. */
export function isYoung(checkpointId: string): boolean {
  return Math.abs(Date.now() - timeOfUuidV7(checkpointId)) < YOUNG_MS;
}
