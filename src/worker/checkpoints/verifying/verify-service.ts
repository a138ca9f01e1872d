// Reads a whole checkpoint back in calls of bounded time: first its packs, then every entry. Nothing stops it at the first damage.
import { AppError } from "../../../shared/errors/app-error.ts";
import type { Principal } from "../../../shared/teams/principal.ts";
import { type CheckpointAccess, targetOf } from "../checkpoint-access.ts";
import type { Waiting } from "../operation-runner.ts";
import { isFull } from "../answer-size-policy.ts";
import { badCursor } from "../page-cursor.ts";
import type { TreeReader } from "../reading/tree-reader.ts";
import { createEntryVerifier } from "./verify-entries.ts";
import { type PackFinding, verifyPack } from "./verify-pack.ts";

/** Where a verification goes on: the damaged packs travel with it, as numbers in the manifest's list. */
type Position = { phase: "packs" | "entries"; next: number; damaged: number[] };
export type Verification = {
  packs_checked: number;
  packs_total: number;
  lists_checked: number;
  lists_total: number;
  bytes_checked: number;
  findings: PackFinding[];
  /** Files that cannot be had whole. */
  paths: string[];
  next_cursor: string | null;
};

export type VerifyService = {
  verify(principal: Principal, checkpointId: string, cursor: string | null, waiting: Waiting): Promise<Verification>;
};

/** Of one call. */
const VERIFY_MS = 25_000;
const MAX_FINDINGS = 200;
const MAX_PATHS = 300;
const MAX_DAMAGED = 1_000;

export function createVerifyService(options: { access: CheckpointAccess; nowMs: () => number }): VerifyService {
  return {
    async verify(principal, checkpointId, cursor, waiting) {
      const row = await options.access.find(principal, checkpointId);
      const reader = await options.access.open(principal, targetOf(row), true);
      const at = readPosition(cursor);
      const call = { reader, waiting, deadlineMs: options.nowMs() + VERIFY_MS, nowMs: options.nowMs };
      const found = emptyVerification(reader, at);
      const isTimeUp = await verifyPacks(call, at, found);
      const isWhole = !isTimeUp && (await verifyEntries(call, at, found));
      return { ...found, next_cursor: isWhole ? null : writePosition(at) };
    },
  };
}

type Call = { reader: TreeReader; waiting: Waiting; deadlineMs: number; nowMs: () => number };

/** True when the call has to come back before the last pack. */
async function verifyPacks(call: Call, at: Position, found: Verification): Promise<boolean> {
  const { packs } = call.reader.tree;
  for (; at.phase === "packs" && at.next < packs.length; at.next++) {
    if (isOver(call, found)) return true;
    const findings = await checkPack(call.reader, packs[at.next] ?? "", found);
    if (findings.length > 0 && at.damaged.length < MAX_DAMAGED) at.damaged.push(at.next);
    found.findings.push(...findings.slice(0, MAX_FINDINGS));
    found.packs_checked = at.next + 1;
    await tell(call, found);
  }
  if (at.phase === "packs") Object.assign(at, { phase: "entries", next: 0 });
  return false;
}

async function checkPack(reader: TreeReader, pack: string, found: Verification): Promise<PackFinding[]> {
  try {
    const { bytes, findings } = await verifyPack(pack, await reader.packs.whole(pack));
    found.bytes_checked += bytes;
    return findings;
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "checkpoint_damaged") throw error;
    return [{ pack, problem: "it is missing" }];
  }
}

/** True when every list was gone through. */
async function verifyEntries(call: Call, at: Position, found: Verification): Promise<boolean> {
  const { reader } = call;
  const damaged = new Set(at.damaged.map((index) => reader.tree.packs[index] ?? ""));
  const verifier = createEntryVerifier(reader, damaged);
  for (; at.next < reader.tree.chunks.length; at.next++) {
    if (isOver(call, found)) return false;
    found.paths.push(...(await verifier.hitPaths(at.next)));
    found.lists_checked = at.next + 1;
    if (at.next % 20 === 0) await tell(call, found);
  }
  return true;
}

function isOver({ nowMs, deadlineMs, waiting }: Call, found: Verification): boolean {
  const isAnswerFull = found.findings.length >= MAX_FINDINGS || isFull(found.paths, MAX_PATHS);
  return isAnswerFull || nowMs() >= deadlineMs || waiting.signal.aborted;
}

function tell({ waiting, reader }: Call, found: Verification): Promise<void> {
  const { packs, chunks } = reader.tree;
  const done = found.packs_checked + found.lists_checked;
  const message = `${found.packs_checked} of ${packs.length} packs, ${found.lists_checked} of ${chunks.length} lists of files, ${found.bytes_checked} bytes`;
  return waiting.reportProgress(done, message);
}

function emptyVerification({ tree }: TreeReader, at: Position): Verification {
  return {
    packs_checked: at.phase === "packs" ? at.next : tree.packs.length,
    packs_total: tree.packs.length,
    lists_checked: at.phase === "entries" ? at.next : 0,
    lists_total: tree.chunks.length,
    bytes_checked: 0,
    findings: [],
    paths: [],
    next_cursor: null,
  };
}

function writePosition({ phase, next, damaged }: Position): string {
  return `${phase}.${next}.${damaged.join("-")}`;
}

function readPosition(text: string | null): Position {
  if (text === null) return { phase: "packs", next: 0, damaged: [] };
  const [, phase, next, damaged = ""] = /^(packs|entries)\.(\d{1,6})\.([\d-]{0,8000})$/.exec(text) ?? [];
  if ((phase !== "packs" && phase !== "entries") || next === undefined) throw badCursor();
  const indexes = damaged === "" ? [] : damaged.split("-").map(Number);
  return { phase, next: Number(next), damaged: indexes };
}
