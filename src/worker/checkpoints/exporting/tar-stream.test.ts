import { execFileSync, spawnSync } from "node:child_process";
import { createWriteStream, lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toHex } from "../../../shared/checkpoints/bytes-text.ts";
import type { FileEntry } from "../../../shared/checkpoints/format.ts";
import { tarHeader } from "../../../shared/checkpoints/tar-format.ts";
import { bytesOf, type SeedFile, seedTree } from "../../../../test/support/seed-tree.ts";
import { createTreeReader } from "../reading/tree-reader.ts";
import { streamTar } from "./tar-stream.ts";

const long = (letter: string, length: number) => letter.repeat(length);
const deep = Array.from({ length: 12 }, (_, index) => long(String.fromCharCode(97 + index), 20)).join("/");
const folders = deep.split("/").map((_, index, parts) => parts.slice(0, index + 1).join("/"));
const FILES: SeedFile[] = [
  { path: "plain.txt", content: "text\n", mtimeUs: 1_600_000_000_000_000 },
  { path: "micro", content: "µ", mtimeUs: 1_700_000_000_123_456 },
  { path: "before-1970", content: "old", mtimeUs: -86_400_000_000 },
  { path: "run", content: "#!/bin/sh\n", mode: 0o755 },
  { path: "setuid", content: "s", mode: 0o4711 },
  { path: "empty", content: "" },
  {
    path: "large.bin",
    content: Uint8Array.from({ length: 2_500_000 }, (_, index) => (index * 7919) >>> 5),
    blobBytes: 400_000,
  },
  { path: Uint8Array.from([0x62, 0xff, 0xfe, 0x0a, 0x22]), content: "bytes that are no UTF-8" },
  { path: "ünïcode – name", content: "u" },
  { path: long("n", 100), content: "exactly a hundred" },
  { path: long("m", 101), content: "one more" },
  { path: long("l", 255), content: "the longest name" },
  ...folders.map((path) => ({ path, type: "directory" as const, mode: 0o750 })),
  { path: `${deep}/file`, content: "deep" },
  { path: "hollow", type: "directory", mode: 0o700 },
  { path: "link", target: "plain.txt" },
  { path: "longlink", target: `${deep}/${long("z", 90)}` },
  { path: "pipe", type: "fifo", mode: 0o600 },
  { path: "first", content: "linked content" },
  { path: "second", hardLinkOf: "first" },
];

let folder: string;
let out: Buffer;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "berth-tar-"));
  out = Buffer.from(join(folder, "out"));
  const { tree, packs } = await seedTree(FILES);
  const bucket = {
    async get(key: string, { range }: { range?: { offset: number; length: number } } = {}) {
      const bytes = packs.get(key.split("/").at(-1)!)!;
      const part = range === undefined ? bytes : bytes.slice(range.offset, range.offset + range.length);
      return { arrayBuffer: async () => part.slice().buffer };
    },
  };
  const reader = createTreeReader(bucket as any, { team_id: "t", tree } as any, true);
  const file = join(folder, "tree.tar.zst");
  await pipeline(Readable.fromWeb(streamTar(reader) as any), createWriteStream(file));
  execFileSync("zstd", ["-q", "-d", file, "-o", join(folder, "tree.tar")]);
  execFileSync("mkdir", [join(folder, "out")]);
  execFileSync("tar", ["--delay-directory-restore", "-xpf", join(folder, "tree.tar"), "-C", join(folder, "out")]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const placeOf = (path: string | Uint8Array) => Buffer.concat([out, Buffer.from("/"), Buffer.from(bytesOf(path))]);
const cases = FILES.map((file) => [toHex(bytesOf(file.path)).slice(0, 40), file] as const);

describe("a tar of a tree, as the system's tar unpacks it", () => {
  it.each(cases)("has entry %s as it was [checkpoints.export] [checkpoints.names]", (_name, file) => {
    const at = placeOf(file.path);
    const stat = lstatSync(at, { bigint: true });
    if (file.target !== undefined) {
      expect(toHex(readlinkSync(at, { encoding: "buffer" }))).toBe(toHex(bytesOf(file.target)));
      return;
    }
    const type = file.type ?? "file";
    expect([stat.isFile(), stat.isDirectory(), stat.isFIFO()]).toEqual(
      ["file", "directory", "fifo"].map((one) => one === type),
    );
    const isRoot = process.getuid?.() === 0;
    const setuid = isRoot ? 0o7777 : 0o777;
    expect((Number(stat.mode) & setuid).toString(8)).toBe(
      ((file.mode ?? (type === "directory" ? 0o755 : 0o644)) & setuid).toString(8),
    );
    expect(stat.mtimeNs / 1000n).toBe(BigInt(file.mtimeUs ?? 1_700_000_000_000_000));
    if (type === "file") {
      const content = FILES.find(({ path }) => path === (file.hardLinkOf ?? file.path))?.content ?? "";
      expect(readFileSync(at).equals(Buffer.from(bytesOf(content)))).toBe(true);
    }
  });

  it("has nothing else, and a hard link's content once [checkpoints.export]", () => {
    expect(readdirSync(out.toString())).toHaveLength(FILES.filter(({ path }) => !String(path).includes("/")).length);
    expect(lstatSync(placeOf("first")).ino).toBe(lstatSync(placeOf("second")).ino);
  });

  it("names sizes above 8 GB [checkpoints.export]", () => {
    const entry = {
      type: "file",
      path: bytesOf("huge"),
      mode: 0o644,
      mtimeUs: 0,
      size: 20_000_000_000,
      blobs: [],
      sparse: false,
      hardLinkOf: null,
    } satisfies FileEntry;
    // Its content is not there, which tar says after it has shown what the header says.
    const { stdout } = spawnSync("tar", ["-tvf", "-"], { input: tarHeader(entry), encoding: "utf8" });
    expect(stdout).toContain("20000000000");
  });
});
