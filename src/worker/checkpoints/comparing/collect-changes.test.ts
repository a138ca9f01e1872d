import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Known, seedTree } from "../../../../test/support/seed-tree.ts";
import { createTreeReader } from "../reading/tree-reader.ts";
import { collectChanges } from "./collect-changes.ts";

type Files = Record<string, { content: string; mode: number }>;

async function open(files: Files, known: Known = new Map(), packs = new Map<string, Uint8Array>()) {
  const list = Object.entries(files).map(([path, file]) => ({ path, ...file }));
  const seeded = await seedTree(list, known);
  for (const [name, bytes] of seeded.packs) packs.set(name, bytes);
  let reads = 0;
  const bucket = {
    async get(key: string, { range }: { range: { offset: number; length: number } }) {
      reads += 1;
      const bytes = packs.get(key.split("/").at(-1)!)!;
      return { arrayBuffer: async () => bytes.slice(range.offset, range.offset + range.length).buffer };
    },
  };
  const reader = createTreeReader(bucket as any, { team_id: "t", tree: seeded.tree } as any, false);
  return { reader, known: seeded.known, packs, reads: () => reads, chunks: seeded.tree.chunks.length };
}

/** The same question, asked of the files themselves. */
function compareFiles(before: Files, after: Files): Record<string, string> {
  const told: Record<string, string> = {};
  for (const path of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [left, right] = [before[path], after[path]];
    if (left === undefined) told[path] = "added";
    else if (right === undefined) told[path] = "removed";
    else if (left.content !== right.content) told[path] = "changed";
    else if (left.mode !== right.mode) told[path] = "mode_changed";
  }
  return told;
}

const path = fc.stringMatching(/^[a-d]{1,2}(\/[a-d]{1,2}){0,2}$/);
const files: fc.Arbitrary<Files> = fc.dictionary(
  path,
  fc.record({ content: fc.stringMatching(/^[xyz]{0,3}$/), mode: fc.constantFrom(0o644, 0o755) }),
  { maxKeys: 40 },
);

describe("what differs between two trees", () => {
  it("is what differs between their files, whatever they are [checkpoints.diff]", async () => {
    await fc.assert(
      fc.asyncProperty(files, files, async (before, edits) => {
        const after = { ...before, ...edits };
        for (const gone of Object.keys(before).slice(0, 5)) delete after[gone];
        const left = await open(before);
        const right = await open(after, left.known, left.packs);
        const { changes, count, complete } = await collectChanges(left.reader, right.reader, null);
        const told: Record<string, string> = {};
        for (const change of changes) {
          told[change.path] = change.status === "renamed" ? "added" : change.status;
          if (change.from_path !== null) told[change.from_path] = "removed";
        }
        expect(told).toEqual(compareFiles(before, after));
        expect(complete).toBe(true);
        for (const { status, path: to, from_path: from } of changes) {
          if (status === "renamed") expect(before[from!]?.content).toBe(after[to]?.content);
        }
        const statuses = changes.map(({ status }) => status);
        for (const status of ["added", "removed", "changed", "mode_changed", "renamed"] as const) {
          expect(count[status]).toBe(statuses.filter((one) => one === status).length);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("costs nothing where they are equal, and little where they nearly are [checkpoints.diff] [checkpoints.unchanged]", async () => {
    const many = Object.fromEntries(
      Array.from({ length: 600 }, (_, index) => [
        `folder-${index % 9}/file-${index}`,
        { content: `c${index}`, mode: 0o644 },
      ]),
    );
    const left = await open(many);
    const same = await open(many, left.known, left.packs);
    expect((await collectChanges(left.reader, same.reader, null)).changes).toEqual([]);
    expect([left.reads(), same.reads()]).toEqual([0, 0]);
    const right = await open({ ...many, "folder-4/file-13": { content: "new", mode: 0o644 } }, left.known, left.packs);
    expect((await collectChanges(left.reader, right.reader, null)).count).toMatchObject({ changed: 1, added: 0 });
    expect(left.chunks).toBeGreaterThan(50);
    expect(left.reads() + right.reads()).toBeLessThan(6);
  });
});
