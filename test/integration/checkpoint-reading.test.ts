import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { manifestKey, packKey } from "../../src/shared/checkpoints/checkpoint-keys.ts";
import { toHex } from "../../src/shared/checkpoints/bytes-text.ts";
import { concatBytes } from "../../src/shared/concat-bytes.ts";
import { CHECKPOINT_FORMAT, type FileEntry, type ListChunk } from "../../src/shared/checkpoints/format.ts";
import { readManifest } from "../../src/worker/checkpoints/reading/manifest-reader.ts";
import { createTreeReader } from "../../src/worker/checkpoints/reading/tree-reader.ts";
import { decompressFrames } from "../../src/worker/checkpoints/reading/zstd.ts";
import {
  localPrincipal,
  newUuid,
  seedCheckpoint,
  type SeededCheckpoint,
  type SeededProject,
  seedProject,
} from "../support/seed-checkpoint.ts";
import { hashOf, packManifest, type SeedFile, packTogether } from "../support/seed-tree.ts";
import { BASE, callModern, readRpc, send, signIn } from "./oauth-client.ts";
// oxlint-disable-next-line no-restricted-imports -- a frame that nobody of ours would make
import { zstdCompressSync } from "node:zlib";

let token = "";
let project: SeededProject;
beforeAll(async () => {
  token = (await signIn()).access_token;
  project = await seedProject(await localPrincipal(), "reading");
});

async function call(name: string, args: Record<string, unknown>) {
  const params = { name, arguments: args };
  const { result } = await readRpc(await callModern(token, "tools/call", params, { query: "?toolsets=all" }));
  const text = result?.content?.[0]?.text ?? "";
  return { isError: result?.isError === true, text, value: result?.["structuredContent"] as any };
}

const noise = (length: number, seed: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => (((index + seed) * 2_654_435_761) >>> (index % 24)) & 0xff);
const FILES: SeedFile[] = [
  { path: "README.md", content: "# Title\n\none\ntwo\nthree\n" },
  { path: "bin", type: "directory" },
  { path: "bin/run", content: "#!/bin/sh\necho hi\n", mode: 0o755 },
  { path: "empty", content: "" },
  { path: "data.bin", content: noise(9_000, 3), blobBytes: 3_000 },
  { path: "link", target: "bin/run" },
  { path: "pipe", type: "fifo" },
  { path: Uint8Array.from([0x6e, 0x61, 0xff, 0x0a]), content: "odd name" },
  ...Array.from({ length: 40 }, (_, index) => ({
    path: `src/f${index}.ts`,
    content: `export const n = ${index};\n`.repeat(20),
  })),
  { path: "src", type: "directory" as const },
];

describe("a checkpoint without a sandbox", () => {
  it("lists its files by the page, each once and in order, whatever their names [checkpoints.timeline] [checkpoints.names]", async () => {
    const { checkpoint_id } = await seedCheckpoint(project, { files: FILES });
    const paths: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await call("get_checkpoint", { checkpoint_id, include_files: true, limit: 7, cursor });
      expect(page.isError, page.text).toBe(false);
      paths.push(...page.value.files.map((file: { path: string }) => file.path));
      cursor = page.value.next_cursor ?? undefined;
    } while (cursor !== undefined);
    expect(paths).toHaveLength(FILES.length);
    expect(new Set(paths).size).toBe(FILES.length);
    expect(paths).toContain("na\\xff\\x0a");
  });

  it("gives a file by its parts, text as text and bytes as base64 [checkpoints.read_file]", async () => {
    const { checkpoint_id } = await seedCheckpoint(project, { files: FILES });
    const text = await call("read_checkpoint_file", { checkpoint_id, path: "README.md", offset: 2, limit: 5 });
    expect(text.value).toMatchObject({ encoding: "utf-8", content: "Title", size: 23, next_offset: 7 });
    const parts: string[] = [];
    for (let offset: number | null = 0; offset !== null;) {
      const part: any = await call("read_checkpoint_file", { checkpoint_id, path: "data.bin", offset, limit: 2_500 });
      expect(part.value.encoding).toBe("base64");
      parts.push(atob(part.value.content));
      offset = part.value.next_offset;
    }
    const whole = Uint8Array.from(parts.join(""), (character) => character.charCodeAt(0));
    expect(toHex(await hashOf(whole))).toBe(toHex(await hashOf(noise(9_000, 3))));
    const odd = await call("read_checkpoint_file", { checkpoint_id, path: "na\\xff\\x0a" });
    expect(odd.value).toMatchObject({ content: "odd name", next_offset: null });
    const cut = await call("read_checkpoint_file", {
      checkpoint_id: (await seedCheckpoint(project, { files: [{ path: "u", content: "aä€" }] })).checkpoint_id,
      path: "u",
      limit: 2,
    });
    expect(cut.value).toMatchObject({ encoding: "utf-8", content: "a", bytes: 1, next_offset: 1 });
    for (const path of ["none", "bin", "../etc/passwd"]) {
      expect((await call("read_checkpoint_file", { checkpoint_id, path })).text).toContain("file_not_found");
    }
  });
});

describe("two checkpoints", () => {
  it("are compared: counts, a moved file, a moved folder, diffs of text and a word for what is none [checkpoints.diff]", async () => {
    const before = await seedCheckpoint(project, {
      files: [
        ...FILES,
        { path: "old", type: "directory" },
        { path: "old/a", content: "moved with its folder, a" },
        { path: "old/b", content: "moved with its folder, b" },
      ],
    });
    const after = await seedCheckpoint(project, {
      parent: before,
      files: [
        ...FILES.filter(
          ({ path }) =>
            path !== "README.md" &&
            path !== "data.bin" &&
            path !== "src/f3.ts" &&
            path !== "bin/run" &&
            path !== "src/f5.ts",
        ),
        { path: "README.md", content: "# Title\n\none\n2\nthree\n" },
        { path: "data.bin", content: noise(9_500, 4), blobBytes: 3_000 },
        { path: "lib.ts", content: "export const n = 3;\n".repeat(20) },
        { path: "bin/run", content: "#!/bin/sh\necho hi\n", mode: 0o700 },
        { path: "new", type: "directory" },
        { path: "new/a", content: "moved with its folder, a" },
        { path: "new/b", content: "moved with its folder, b" },
        { path: "fresh.txt", content: "new\n" },
      ],
    });
    const { value, text } = await call("diff_checkpoints", { from: before.checkpoint_id, to: after.checkpoint_id });
    expect(value?.summary, text).toMatchObject({ added: 2, removed: 2, changed: 2, mode_changed: 1, renamed: 3 });
    expect(value.moved_folders).toEqual([{ from: "old", to: "new", files: 2 }]);
    const of = (path: string) => value.changes.find((change: { path: string }) => change.path === path);
    expect(of("README.md").diff).toContain("-two\n+2\n");
    expect(of("README.md").diff).toMatch(/^--- a\/README.md\n\+\+\+ b\/README.md\n@@/);
    expect(of("data.bin")).toMatchObject({ note: "binary, 9000 -> 9500 bytes" });
    expect(of("lib.ts")).toMatchObject({ status: "renamed", from_path: "src/f3.ts" });
    expect(of("bin/run")).toMatchObject({ status: "mode_changed", before: { mode: "0755" }, after: { mode: "0700" } });
    expect(of("src/f5.ts").diff).toContain("+++ /dev/null");
    expect(of("fresh.txt").diff).toContain("--- /dev/null");
    const none = await call("diff_checkpoints", { from: after.checkpoint_id, to: after.checkpoint_id });
    expect(none.value).toMatchObject({ changes: [], summary: { added: 0, changed: 0 }, next_cursor: null });
  });

  it("come by the page and by paths, and unchanged lists are not even read [checkpoints.diff] [checkpoints.unchanged]", async () => {
    const before = await seedCheckpoint(project, { files: FILES });
    const changed = FILES.map((file) =>
      String(file.path).startsWith("src/f1") ? { ...file, content: "other\n" } : file,
    );
    const after = await seedCheckpoint(project, { files: changed, parent: before });
    const ids = { from: before.checkpoint_id, to: after.checkpoint_id };
    const paths: string[] = [];
    for (let cursor: string | undefined; ;) {
      const { value, text } = await call("diff_checkpoints", { ...ids, limit: 4, cursor });
      expect(value, text).toBeDefined();
      paths.push(...value.changes.map((change: { path: string }) => change.path));
      if (value.next_cursor === null) break;
      cursor = value.next_cursor;
    }
    expect(paths).toEqual([...paths].sort());
    expect(paths).toHaveLength(11);
    const some = await call("diff_checkpoints", { ...ids, paths: ["src/f1.ts", "README.md"] });
    expect(some.value.changes.map((change: { path: string }) => change.path)).toEqual(["src/f1.ts"]);
    const shared = before.manifest.tree.chunks.filter(({ sha256 }) =>
      after.manifest.tree.chunks.some((chunk) => chunk.sha256 === sha256),
    );
    expect(shared.length).toBeGreaterThan(2);
    // A list that both have can be gone: nobody looks at it.
    const packs = new Set(shared.map(({ pack }) => pack));
    const used = after.manifest.tree.chunks.filter(({ sha256 }) => !shared.some((chunk) => chunk.sha256 === sha256));
    expect(used.every(({ pack }) => !packs.has(pack))).toBe(true);
  });
});

const bucket = env.BUCKET;
async function flip(pack: string, at: number): Promise<void> {
  const key = packKey(project.team_id, pack);
  const bytes = new Uint8Array(await (await bucket.get(key))!.arrayBuffer());
  bytes[at] = (bytes[at] ?? 0) ^ 0x40;
  await bucket.put(key, bytes);
}
async function fileOf(checkpoint: SeededCheckpoint, path: string): Promise<FileEntry> {
  const reader = createTreeReader(bucket, await readManifest(bucket, project.team_id, checkpoint), false);
  return (await reader.find(new TextEncoder().encode(path))) as FileEntry;
}
async function verify(checkpoint_id: string) {
  const { value, text } = await call("verify_checkpoint", { checkpoint_id });
  expect(value, text).toBeDefined();
  return value;
}
let unique = 0;
const fresh = (): SeedFile[] => [
  { path: `unique-${unique++}`, content: `content of its own ${newUuid()}` },
  ...FILES.map((file) =>
    file.type === undefined && file.target === undefined && file.content !== ""
      ? { ...file, content: `${newUuid()} ${typeof file.content === "string" ? file.content : "bytes"}` }
      : file,
  ),
];

describe("a damaged checkpoint", () => {
  it("is found whole when it is [checkpoints.verify]", async () => {
    const { checkpoint_id, manifest } = await seedCheckpoint(project, { files: fresh() });
    const found = await verify(checkpoint_id);
    const all = { packs_checked: manifest.tree.packs.length, lists_checked: manifest.tree.chunks.length };
    expect(found).toMatchObject({ ok: true, ...all, findings: [], paths: [], next_cursor: null });
    expect(found.packs_total).toBeGreaterThan(1);
  });

  it("names a flipped byte's pack and exactly the files that it hits [checkpoints.verify] [checkpoints.bad_input]", async () => {
    const seeded = await seedCheckpoint(project, { files: fresh() });
    const file = await fileOf(seeded, "src/f7.ts");
    const [blob] = file.blobs;
    await flip(toHex(blob!.pack), blob!.frameOffset + blob!.frameLength - 5);
    const { ok, findings, paths } = await verify(seeded.checkpoint_id);
    expect(ok).toBe(false);
    expect(new Set(findings.map(({ pack }: { pack: string }) => pack))).toEqual(new Set([toHex(blob!.pack)]));
    expect(paths).toContain("src/f7.ts");
    expect(paths.length).toBeLessThan(20);
    const read = await call("read_checkpoint_file", { checkpoint_id: seeded.checkpoint_id, path: "src/f7.ts" });
    expect(read.text).toContain("checkpoint_damaged");
    expect(read.text).toContain(toHex(blob!.pack).slice(0, 16));
    const other = await call("read_checkpoint_file", { checkpoint_id: seeded.checkpoint_id, path: "empty" });
    expect(other.isError).toBe(false);
  });

  it.each([
    ["missing", async (key: string) => bucket.delete(key)],
    [
      "cut short",
      async (key: string, frameOffset: number) => {
        const bytes = new Uint8Array(await (await bucket.get(key))!.arrayBuffer());
        await bucket.put(key, bytes.slice(0, frameOffset + 20));
      },
    ],
    ["empty", async (key: string) => void (await bucket.put(key, new Uint8Array()))],
    [
      "another one's bytes",
      async (key: string) => void (await bucket.put(key, "something else altogether, longer than a header")),
    ],
  ])(
    "names a pack that is %s, and goes on to the last [checkpoints.verify] [checkpoints.bad_input]",
    async (_name, damage) => {
      const seeded = await seedCheckpoint(project, { files: fresh() });
      const [blob] = (await fileOf(seeded, "src/f9.ts")).blobs;
      const pack = toHex(blob!.pack);
      await damage(packKey(project.team_id, pack), blob!.frameOffset);
      const found = await verify(seeded.checkpoint_id);
      expect(found).toMatchObject({ ok: false, packs_checked: found.packs_total, lists_checked: found.lists_total });
      expect(found.findings.every((finding: { pack: string }) => finding.pack === pack)).toBe(true);
      expect(found.paths).toContain("src/f9.ts");
      const read = await call("read_checkpoint_file", { checkpoint_id: seeded.checkpoint_id, path: "src/f9.ts" });
      expect(read.text).toContain("checkpoint_damaged");
    },
  );

  it.each([
    ["missing", "checkpoint_damaged", async (key: string) => bucket.delete(key)],
    ["tampered with", "checkpoint_damaged", async (key: string) => void (await bucket.put(key, "no manifest"))],
  ])("says so when its manifest is %s [checkpoints.bad_input]", async (_name, code, damage) => {
    const seeded = await seedCheckpoint(project, { files: fresh() });
    await damage(manifestKey(project, seeded.manifest_sha256));
    expect((await call("get_checkpoint", { checkpoint_id: seeded.checkpoint_id })).text).toContain(code);
    expect((await call("verify_checkpoint", { checkpoint_id: seeded.checkpoint_id })).text).toContain(code);
  });

  it.each([
    ["of a format to come", { format: CHECKPOINT_FORMAT + 1 }, "checkpoint_format_unsupported"],
    ["of another checkpoint", { checkpoint_id: newUuid() }, "checkpoint_damaged"],
    ["of another project", { project_id: newUuid() }, "checkpoint_damaged"],
    ["not complete", { tree: undefined }, "checkpoint_damaged"],
  ])("refuses a manifest that is %s [checkpoints.bad_input] [checkpoints.format]", async (_name, change, code) => {
    const seeded = await seedCheckpoint(project, { files: fresh() });
    const { bytes, sha256 } = await packManifest({ ...seeded.manifest, ...(change as object) });
    await bucket.put(manifestKey(project, sha256), bytes);
    await env.DB.prepare("update checkpoints set manifest_sha256 = ? where id = ?")
      .bind(sha256, seeded.checkpoint_id)
      .run();
    expect((await call("get_checkpoint", { checkpoint_id: seeded.checkpoint_id })).text).toContain(code);
  });

  it("reads a list that lies in the pack which it names, and no other in its place [checkpoints.format] [checkpoints.bad_input]", async () => {
    const { manifest } = await seedCheckpoint(project, { files: fresh() });
    const { pack, bytes, chunk } = await packTogether("alone.txt", "its content");
    await bucket.put(packKey(project.team_id, pack), bytes);
    const twin = toHex(await hashOf(bytes.slice(1)));
    await bucket.put(packKey(project.team_id, twin), bytes);
    const open = (change: Partial<ListChunk>) => {
      const tree = { ...manifest.tree, chunks: [{ ...chunk, ...change }], packs: [pack, twin] };
      return createTreeReader(bucket, { ...manifest, tree }, false);
    };
    const reader = open({});
    const entry = (await reader.find(new TextEncoder().encode("alone.txt"))) as FileEntry;
    expect(toHex(entry.blobs[0]!.pack)).toBe(pack);
    for await (const piece of reader.content(entry)) expect(new TextDecoder().decode(piece)).toBe("its content");
    expect(await reader.chunk(0)).toEqual([entry]);
    for (const wrong of [{ pack: twin }, { sha256: "0".repeat(64) }, { stored_sha256: undefined }]) {
      await expect(open(wrong).chunk(0)).rejects.toMatchObject({ code: "checkpoint_damaged" });
    }
  });

  it("opens no pack that its manifest does not name, and no frame grows without bound [checkpoints.isolation] [checkpoints.bad_input]", async () => {
    const seeded = await seedCheckpoint(project, { files: fresh() });
    const tree = { ...seeded.manifest.tree, packs: [] };
    const reader = createTreeReader(bucket, { ...seeded.manifest, tree }, false);
    await expect(reader.chunk(0)).rejects.toMatchObject({ code: "checkpoint_damaged" });
    const bomb = Uint8Array.from(zstdCompressSync(new Uint8Array(40 * 1024 * 1024)));
    const sha256 = toHex(await hashOf(bomb));
    await bucket.put(packKey(project.team_id, sha256), bomb);
    const other = createTreeReader(bucket, { ...seeded.manifest, tree: { ...tree, packs: [sha256] } }, false);
    await expect(other.blobs.frame(sha256, 0, bomb.length)).rejects.toMatchObject({ code: "checkpoint_damaged" });
    // As little content as there can be, in as many frames as fit: each of them costs a decoder.
    const none = Uint8Array.from(zstdCompressSync(new Uint8Array()));
    const swarm = concatBytes(Array.from({ length: 2_000 }, () => none));
    const name = toHex(await hashOf(swarm));
    await bucket.put(packKey(project.team_id, name), swarm);
    const third = createTreeReader(bucket, { ...seeded.manifest, tree: { ...tree, packs: [name] } }, false);
    await expect(third.blobs.frame(name, 0, swarm.length)).rejects.toMatchObject({ code: "checkpoint_damaged" });
  });
});

describe("storage that fails now and then", () => {
  it.each([1, 2, 3, 5])(
    "is no damage: each %i. read fails, and a repeat gives the right bytes [checkpoints.cut_off]",
    async (every) => {
      const seeded = await seedCheckpoint(project, { files: fresh() });
      let reads = 0;
      const failing = {
        get: ((...args: Parameters<R2Bucket["get"]>) => {
          reads += 1;
          return reads % every === 0 && reads < 30 ? Promise.reject(new Error("storage is down")) : bucket.get(...args);
        }) as R2Bucket["get"],
        head: (key: string) => bucket.head(key),
      };
      const reader = createTreeReader(failing, seeded.manifest, true);
      const retry = async <T>(work: () => Promise<T>): Promise<T> => {
        for (;;) {
          try {
            return await work();
          } catch (error) {
            expect((error as Error).message).toBe("storage is down");
          }
        }
      };
      const names: string[] = [];
      for (let index = 0; index < reader.tree.chunks.length; index++) {
        for (const entry of await retry(() => reader.chunk(index))) {
          names.push(toHex(entry.path));
          if (entry.type === "file") for (const blob of entry.blobs) await retry(() => reader.blobs.read(blob));
        }
      }
      expect(names).toHaveLength(
        seeded.manifest.tree.files + seeded.manifest.tree.directories + seeded.manifest.tree.others,
      );
    },
  );
});

/** Larger than a frame of workerd's encoder may become, and not to be compressed. */
const NOISE = new Uint8Array(300_000);
for (let at = 0; at < NOISE.length; at += 60_000) crypto.getRandomValues(NOISE.subarray(at, at + 60_000));

function contentIn(tar: Uint8Array, path: string): Uint8Array {
  const text = (from: number, length: number) => new TextDecoder("latin1").decode(tar.subarray(from, from + length));
  for (let at = 0; at < tar.length; at += 512) {
    if (!text(at, 100).startsWith(`${path}\0`)) continue;
    return tar.slice(at + 512, at + 512 + Number.parseInt(text(at + 124, 11), 8));
  }
  throw new Error(`${path} is not in the archive`);
}

describe("a checkpoint as a file", () => {
  it("comes as zstd under the access token, and for nobody else [checkpoints.export] [checkpoints.isolation]", async () => {
    const files = [...FILES, { path: "noise.bin", content: NOISE }];
    const { checkpoint_id } = await seedCheckpoint(project, { files });
    const { value, text } = await call("export_checkpoint", { checkpoint_id });
    expect(value, text).toMatchObject({ url: `${BASE}/mcp/checkpoints/${checkpoint_id}/export`, size: null });
    const path = new URL(value.url).pathname;
    expect((await send(path)).status).toBe(401);
    const response = await send(path, { headers: { authorization: `Bearer ${token}` } });
    expect(response.headers.get("content-disposition")).toContain(".tar.zst");
    const bytes = new Uint8Array(await response.arrayBuffer());
    expect(Array.from(bytes.subarray(0, 4))).toEqual([0x28, 0xb5, 0x2f, 0xfd]);
    const tar = decompressFrames(bytes, 10_000_000);
    expect(contentIn(tar, "noise.bin")).toEqual(NOISE);
    const unknown = await send(path.replace(checkpoint_id, newUuid()), {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(unknown.status).toBe(404);
  });
});
