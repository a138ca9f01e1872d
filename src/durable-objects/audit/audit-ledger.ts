// Gives each fact its place in the team's audit chain, one after the other, and brings the rows to D1.
import {
  AUDIT_COLUMNS,
  type AuditFact,
  auditFactSchema,
  type AuditRow,
  chainFact,
  OUTCOME_UNKNOWN,
  type Sha256Hex,
} from "../../shared/audit/entry.ts";
import type { AuditMarks } from "../../shared/rpc/audit-api.ts";
import { CALL_DEADLINE_MS, withDeadline } from "../deadline.ts";
import { createExclusive } from "../exclusive.ts";
import type { ObjectStorage } from "../sql/migrate.ts";
import { createAuditStore } from "./audit-store.ts";

/** Longer than any call of a tool takes. */
const ANNOUNCED_FOR_MS = 5 * 60_000;
const DELIVER_AGAIN_MS = 10_000;
const BATCH = 50;

type Parts = {
  storage: ObjectStorage;
  database: D1Database;
  teamId(): string | null;
  sha256Hex: Sha256Hex;
  nowMs(): number;
  /** Runs `work` at that time, or sooner when it was due sooner already. */
  dueAt(atMs: number): void;
  onError(error: unknown): void;
};

export type AuditLedger = {
  announce(fact: AuditFact): void;
  append(facts: readonly AuditFact[]): Promise<void>;
  marks(): Promise<AuditMarks>;
  /** Delivers, and closes what nobody ended. */
  work(): Promise<void>;
};

export function createAuditLedger(parts: Parts): AuditLedger {
  const store = createAuditStore(parts.storage.sql);
  const inOrder = createExclusive();
  const oneDelivery = createExclusive();

  const appendOne = async (fact: AuditFact): Promise<void> => {
    const teamId = parts.teamId();
    if (teamId === null) throw new Error("a team's object was not told which team it is");
    if (store.isKnown(fact)) return;
    const row = await chainFact(teamId, fact, store.mark("head"), parts.sha256Hex);
    parts.storage.transactionSync(() => store.append(row, parts.nowMs()));
    parts.dueAt(parts.nowMs());
  };
  const append = async (facts: readonly AuditFact[]): Promise<void> => {
    for (const fact of facts) await inOrder(() => appendOne(fact));
  };
  const deliver = async (): Promise<void> => {
    for (let rows = store.undelivered(BATCH); rows.length > 0; rows = store.undelivered(BATCH)) {
      await withDeadline(insertRows(parts.database, rows), CALL_DEADLINE_MS);
      const last = rows.at(-1);
      if (last !== undefined) parts.storage.transactionSync(() => store.delivered(last));
    }
  };
  const scheduleNext = (): void => {
    if (store.undelivered(1).length > 0) parts.dueAt(parts.nowMs() + DELIVER_AGAIN_MS);
    const expiry = store.nextExpiry();
    if (expiry !== null) parts.dueAt(expiry);
  };

  return {
    announce(fact) {
      // One that comes after its outcome was long on its way: nobody waits for another end.
      if (store.hasPlace(fact)) return;
      const expiresAtMs = parts.nowMs() + ANNOUNCED_FOR_MS;
      store.announce({ ...auditFactSchema.parse(fact), outcome: OUTCOME_UNKNOWN }, expiresAtMs);
      parts.dueAt(expiresAtMs);
    },
    append: (facts) => append(facts.map((fact) => auditFactSchema.parse(fact))),
    async marks() {
      await oneDelivery(deliver).catch(parts.onError);
      return { head: store.mark("head"), delivered: store.mark("delivered") };
    },
    async work() {
      await append(store.overdue(parts.nowMs()));
      await oneDelivery(deliver).catch(parts.onError);
      scheduleNext();
    },
  };
}

/** A row that D1 has already is passed over: a delivery that was cut off is repeated whole. Another row there stops it. */
async function insertRows(database: D1Database, rows: readonly AuditRow[]): Promise<void> {
  const values = AUDIT_COLUMNS.map((name) => `value ->> '${name}'`).join(", ");
  // The WHERE keeps SQLite from reading ON CONFLICT as a join's condition.
  const insert = `INSERT INTO audit_log (${AUDIT_COLUMNS.join(", ")}) SELECT ${values} FROM json_each(?) WHERE true
    ON CONFLICT (team_id, seq) DO NOTHING`;
  await database.prepare(insert).bind(JSON.stringify(rows)).run();
}
