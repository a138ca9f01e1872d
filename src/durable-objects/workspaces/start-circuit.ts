// Starts with retries, and stops trying for a while when that does not help. What failed is remembered over restarts.
import { decideStart } from "../../shared/sandboxes/start-policy.ts";
import type { ObjectLogger } from "../object-log.ts";
import type { ObjectSql } from "../sql/migrate.ts";

export const START_SCHEMA = `
  CREATE TABLE start_failures (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    failures INTEGER NOT NULL,
    last_failed_at INTEGER NOT NULL
  );
`;

type Parts = {
  sql: ObjectSql;
  logger: ObjectLogger;
  nowMs(): number;
  random(): number;
  sleep(ms: number): Promise<void>;
};

export type StartCircuit = {
  /** Null once it worked; else how long nobody tries again, in milliseconds. */
  run(start: () => Promise<void>): Promise<number | null>;
};

export function createStartCircuit(parts: Parts): StartCircuit {
  const { sql, nowMs } = parts;
  const read = () => {
    const [row] = sql
      .exec<{ failures: number; last_failed_at: number }>("SELECT failures, last_failed_at FROM start_failures")
      .toArray();
    return { failures: row?.failures ?? 0, lastFailedAtMs: row?.last_failed_at ?? 0 };
  };
  const noteFailure = (): void => {
    sql.exec(
      `INSERT INTO start_failures (id, failures, last_failed_at) VALUES (1, 1, ?)
       ON CONFLICT DO UPDATE SET failures = failures + 1, last_failed_at = excluded.last_failed_at`,
      nowMs(),
    );
  };

  return {
    async run(start) {
      for (;;) {
        const decision = decideStart({ ...read(), nowMs: nowMs(), random: parts.random() });
        if (decision.action === "refuse") return decision.ms;
        if (decision.action === "wait") await parts.sleep(decision.ms);
        else {
          try {
            await start();
            sql.exec("DELETE FROM start_failures");
            return null;
          } catch (error) {
            parts.logger.error("sandbox_start_failed", error, { failures: read().failures + 1 });
            noteFailure();
          }
        }
      }
    },
  };
}
