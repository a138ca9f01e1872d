// Reads a team's audit log from its first row to the end that the Team object holds, and finds the first row that does not fit.
import { checkEnd, checkRows, type ChainProblem } from "../../shared/audit/check-chain.ts";
import { type AuditMark, type AuditRow, CHAIN_START, type Sha256Hex } from "../../shared/audit/entry.ts";
import { AppError } from "../../shared/errors/app-error.ts";
import type { AuditMarks } from "../../shared/rpc/audit-api.ts";
import type { Verification } from "./audit-service.ts";
import type { AuditReader } from "./audit-store.ts";

const PAGE = 1_000;
/** A call is short: more rows take more calls. */
const MAX_ROWS = 20_000;

type Parts = { reader: AuditReader; sha256Hex: Sha256Hex; marks: () => Promise<AuditMarks> };

export async function verifyChain(parts: Parts, teamId: string, fromSeq: number): Promise<Verification> {
  const { head, delivered } = await parts.marks();
  const start = await findStart(parts, teamId, fromSeq);
  const { last, broken } = await readChain(parts, teamId, start, delivered);
  const isWhole = last.seq >= delivered.seq;
  const problem = broken ?? (isWhole ? (checkEnd(last, delivered) ?? (await findAdded(parts, teamId))) : null);
  return {
    intact: problem === null,
    checked: last.seq - start.seq,
    head_seq: head.seq,
    on_the_way: head.seq - delivered.seq,
    problem,
    next_from_seq: problem === null && !isWhole ? last.seq + 1 : null,
  };
}

/** The row before the first one: it was checked by the call before. */
async function findStart({ reader }: Parts, teamId: string, fromSeq: number): Promise<AuditMark> {
  if (fromSeq <= 1) return CHAIN_START;
  const [row] = await reader.inOrder(teamId, { after: fromSeq - 2, upTo: fromSeq - 1, limit: 1 });
  if (row?.seq === fromSeq - 1) return { seq: row.seq, hash: row.hash };
  throw new AppError("invalid_argument", `There is no row ${fromSeq - 1} to go on from. Verify from the first row.`);
}

async function readChain(
  { reader, sha256Hex }: Parts,
  teamId: string,
  start: AuditMark,
  end: AuditMark,
): Promise<{ last: AuditMark; broken: ChainProblem | null }> {
  let last = start;
  while (last.seq < end.seq && last.seq - start.seq < MAX_ROWS) {
    const rows = await reader.inOrder(teamId, { after: last.seq, upTo: end.seq, limit: PAGE });
    if (rows.length === 0) return { last, broken: { seq: last.seq + 1, problem: "missing" } };
    const unreadable = rows.indexOf(null);
    const readable = (unreadable === -1 ? rows : rows.slice(0, unreadable)) as AuditRow[];
    const checked = await checkRows(readable, last, sha256Hex);
    last = checked.last;
    if (checked.broken !== null) return checked;
    if (unreadable !== -1) return { last, broken: { seq: last.seq + 1, problem: "changed" } };
  }
  return { last, broken: null };
}

/** Rows that were appended while this was read are not too many. */
async function findAdded({ reader, marks }: Parts, teamId: string): Promise<ChainProblem | null> {
  const { head } = await marks();
  const seq = await reader.outside(teamId, head.seq);
  return seq === null ? null : { seq, problem: "added" };
}
