import { describe, expect, it } from "vitest";
import { bytesOf, seedTree } from "../../../../test/support/seed-tree.ts";
import { createTreeReader } from "../reading/tree-reader.ts";
import { diffFile, type FileSide, MAX_DIFF_CHARACTERS } from "./unified-diff.ts";

async function side(content: string | Uint8Array | null): Promise<FileSide> {
  if (content === null) return null;
  const { tree, packs } = await seedTree([{ path: "f", content, blobBytes: 100_000 }]);
  const bucket = { get: async (key: string, { range }: any) => pick(packs.get(key.split("/").at(-1)!)!, range) };
  const reader = createTreeReader(bucket as any, { team_id: "t", tree } as any, false);
  const entry = await reader.find(bytesOf("f"));
  return { reader, entry: entry as any };
}
const pick = (bytes: Uint8Array, { offset, length }: { offset: number; length: number }) => ({
  arrayBuffer: async () => bytes.slice(offset, offset + length).buffer,
});
const diff = async (before: string | Uint8Array | null, after: string | Uint8Array | null) =>
  diffFile(await side(before), await side(after));
const lines = (count: number, word: (index: number) => string) =>
  Array.from({ length: count }, (_, at) => word(at)).join("\n");

describe("a file's unified diff", () => {
  it("has what changed, also without a last line's end, and of new and removed files [checkpoints.diff]", async () => {
    expect((await diff("a\nb\n", "a\nc")).diff).toBe(
      "--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n\\ No newline at end of file\n",
    );
    expect((await diff(null, "a\n")).diff).toBe("--- /dev/null\n+++ b/f\n@@ -0,0 +1,1 @@\n+a\n");
    expect((await diff("ä\n", null)).diff).toBe("--- a/f\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-ä\n");
  });

  it.each([
    ["has a NUL", "a\0b", "a\0c"],
    ["is no UTF-8", Uint8Array.from([0xff, 0x61]), Uint8Array.from([0xff, 0x62])],
    ["became binary", "text", Uint8Array.from([0, 1, 2])],
  ])("is a word about sizes when the file %s [checkpoints.diff]", async (_name, before, after) => {
    const sizes = `${bytesOf(before).length} -> ${bytesOf(after).length} bytes`;
    expect(await diff(before, after)).toEqual({ diff: null, note: `binary, ${sizes}` });
  });

  it("is a word when the file is too large or too different, and is cut at a line when it is too long [checkpoints.diff]", async () => {
    const large = "x\n".repeat(300_000);
    expect((await diff(large, `${large}y`)).note).toContain("too large");
    const other = await diff(
      lines(9_000, (index) => `left ${index}`),
      lines(9_000, (index) => `right ${index * 7}`),
    );
    expect(other).toMatchObject({ diff: null, note: expect.stringContaining("too different") });
    const long = await diff(
      lines(1_500, (index) => `left ${index} ${"x".repeat(30)}`),
      lines(1_500, (index) => `right ${index} ${"x".repeat(30)}`),
    );
    expect(long.note).toMatch(/^cut: \d+ more characters$/);
    expect(long.diff?.length).toBeLessThanOrEqual(MAX_DIFF_CHARACTERS);
    expect(long.diff?.endsWith("\n")).toBe(true);
  });
});
