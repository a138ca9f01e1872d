import { createHash } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { checkEnd, checkRows } from "./check-chain.ts";
import { type AuditFact, type AuditMark, type AuditRow, canonicalText, chainFact, CHAIN_START } from "./entry.ts";

const sha256Hex = async (text: string) => createHash("sha256").update(text).digest("hex");
const id = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, "0")}`;
const fact = (n: number): AuditFact => ({
  entry_id: id(n),
  at: "2026-11-21T12:00:00.000Z",
  user_id: id(900),
  client_id: "client",
  action: "tool.create_project",
  target_kind: "project",
  target_id: `p${n}`,
  outcome: "done",
  decided_by: "owner",
  details: { n },
});

let rows: AuditRow[];
let head: AuditMark = CHAIN_START;
beforeAll(async () => {
  rows = [];
  head = CHAIN_START;
  for (let n = 1; n <= 6; n += 1) {
    const row = await chainFact("team", fact(n), head, sha256Hex);
    rows.push(row);
    head = row;
  }
});

/** As a reader of the log finds it: the first problem, from its first row to its end. */
async function verify(found: AuditRow[]) {
  const { last, broken } = await checkRows(found, CHAIN_START, sha256Hex);
  return broken ?? checkEnd(last, head);
}
const rehash = async (row: AuditRow): Promise<AuditRow> => ({ ...row, hash: await sha256Hex(canonicalText(row)) });
const at = (seq: number): AuditRow => rows[seq - 1]!;

describe("the audit chain", () => {
  it("fits from its first row to its head [audit.verify]", async () => {
    expect(await verify(rows)).toBeNull();
  });

  it.each([
    ["team_id", "other"],
    ["at", "2026-11-21T12:00:00.001Z"],
    ["entry_id", id(7)],
    ["user_id", null],
    ["client_id", "other"],
    ["action", "tool.delete_project"],
    ["target_kind", null],
    ["target_id", "p9"],
    ["outcome", "internal"],
    ["decided_by", null],
    ["details", '{"n":4}'],
    ["previous_hash", "0".repeat(64)],
    ["hash", "0".repeat(64)],
  ])("shows a row whose %s was changed [audit.verify]", async (field, value) => {
    const changed = rows.map((row) => (row.seq === 3 ? { ...row, [field]: value } : row));
    expect(await verify(changed)).toEqual({ seq: 3, problem: "changed" });
  });

  it("shows a row that was changed and hashed anew by the one that followed it [audit.verify]", async () => {
    const forged = await rehash({ ...at(3), outcome: "unknown" });
    expect(await verify([at(1), at(2), forged, at(4), at(5), at(6)])).toEqual({ seq: 4, problem: "does_not_follow" });
  });

  it("shows a whole chain that was written anew by its head [audit.verify]", async () => {
    const forged: AuditRow[] = [];
    for (const row of rows) {
      const previous_hash = forged.at(-1)?.hash ?? CHAIN_START.hash;
      forged.push(await rehash({ ...row, user_id: null, previous_hash }));
    }
    expect(await verify(forged)).toEqual({ seq: 6, problem: "does_not_follow" });
  });

  it("shows rows that are gone: the first, one within, the last, all [audit.verify]", async () => {
    expect(await verify(rows.slice(1))).toEqual({ seq: 1, problem: "missing" });
    expect(await verify([...rows.slice(0, 2), ...rows.slice(3)])).toEqual({ seq: 3, problem: "missing" });
    expect(await verify(rows.slice(0, -1))).toEqual({ seq: 6, problem: "missing" });
    expect(await verify([])).toEqual({ seq: 1, problem: "missing" });
  });

  it("shows a row that was removed while all others moved up [audit.verify]", async () => {
    const moved = [at(1), at(2), ...rows.slice(3).map((row) => ({ ...row, seq: row.seq - 1 }))];
    expect(await verify(moved)).toEqual({ seq: 3, problem: "changed" });
  });

  it("shows two rows that changed places [audit.verify]", async () => {
    const swapped = [at(1), { ...at(3), seq: 2 }, { ...at(2), seq: 3 }, at(4), at(5), at(6)];
    expect(await verify(swapped)).toEqual({ seq: 2, problem: "changed" });
  });

  it("shows a row that nobody appended, at the end and between two [audit.verify]", async () => {
    const extra = await chainFact("team", fact(8), head, sha256Hex);
    expect(await verify([...rows, extra])).toEqual({ seq: 7, problem: "added" });
    const between = await rehash({ ...at(3), seq: 3.5 });
    expect(await verify([...rows.slice(0, 3), between, ...rows.slice(3)])).toEqual({ seq: 4, problem: "added" });
  });
});
