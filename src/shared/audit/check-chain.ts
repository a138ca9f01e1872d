// Holds rows of the audit log against their chain, and finds the first one that does not fit.
import { type AuditMark, type AuditRow, canonicalText, type Sha256Hex } from "./entry.ts";

/**
 * `missing`: there is no row of this number. `changed`: it is not what was hashed. `does_not_follow`: it is whole, but this row or
 * the one before is not the one that was there. `added`: nobody appended it.
 */
export const CHAIN_PROBLEMS = ["missing", "changed", "does_not_follow", "added"] as const;
export type ChainProblem = { seq: number; problem: (typeof CHAIN_PROBLEMS)[number] };

export type CheckedRows = { last: AuditMark; broken: ChainProblem | null };

/** Rows in order, right after `from`. `last` is the last one that fits. */
export async function checkRows(
  rows: readonly AuditRow[],
  from: AuditMark,
  sha256Hex: Sha256Hex,
): Promise<CheckedRows> {
  let last = from;
  for (const row of rows) {
    const problem = await findProblem(row, last, sha256Hex);
    if (problem !== null) return { last, broken: { seq: last.seq + 1, problem } };
    last = { seq: row.seq, hash: row.hash };
  }
  return { last, broken: null };
}

async function findProblem(
  row: AuditRow,
  last: AuditMark,
  sha256Hex: Sha256Hex,
): Promise<ChainProblem["problem"] | null> {
  if (row.seq !== last.seq + 1) return row.seq > last.seq + 1 ? "missing" : "added";
  if ((await sha256Hex(canonicalText(row))) !== row.hash) return "changed";
  return row.previous_hash === last.hash ? null : "does_not_follow";
}

/** Whether rows that fit among themselves end where the team's own mark says. */
export function checkEnd(last: AuditMark, expected: AuditMark): ChainProblem | null {
  if (last.seq < expected.seq) return { seq: last.seq + 1, problem: "missing" };
  if (last.seq > expected.seq) return { seq: expected.seq + 1, problem: "added" };
  return last.hash === expected.hash ? null : { seq: last.seq, problem: "does_not_follow" };
}
