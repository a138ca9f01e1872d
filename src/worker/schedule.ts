// What the edge does by the clock: each sweep by itself, so that one which fails keeps no other from its work.
import type { Logger } from "./telemetry/logger.ts";

export type Sweeps = Readonly<Record<string, () => Promise<void>>>;

/** The run fails when one of them did, once all are through: the platform shows it as failed. */
export function createSchedule(sweeps: Sweeps, logger: Pick<Logger, "logUnexpected">): () => Promise<void> {
  return async () => {
    const names = Object.keys(sweeps);
    const outcomes = await Promise.allSettled(names.map(async (name) => sweeps[name]?.()));
    const failed = names.filter((name, index) => {
      const outcome = outcomes[index];
      if (outcome?.status !== "rejected") return false;
      logger.logUnexpected("sweep_failed", outcome.reason, { sweep: name });
      return true;
    });
    if (failed.length > 0) throw new Error(`Sweeps failed: ${failed.join(", ")}`);
  };
}
