// Trees that nobody would think of: any name that a disk takes, any mode, links of both kinds, pipes, equal contents.
import { execFileSync } from "node:child_process";
import { chmodSync, linkSync, lutimesSync, mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import * as fc from "fast-check";

export type RandomNode =
  | { type: "folder"; mode: number; mtime: number; children: RandomChild[] }
  | { type: "file"; mode: number; mtime: number; content: Uint8Array }
  | { type: "again"; of: number }
  | { type: "symlink"; mtime: number; target: Uint8Array }
  | { type: "fifo"; mode: number; mtime: number };
export type RandomChild = { name: Uint8Array; node: RandomNode };

/** Any bytes but NUL and `/`, names that differ in case alone, and names that sort around `/`. */
const name = fc.oneof(
  fc.constantFrom(
    "a",
    "A",
    "a-b",
    "a.b",
    "a b",
    "README",
    "readme",
    "line\nbreak",
    ".hidden",
    ".git",
    "build",
    "ä",
    "A\u0308",
    "-rf",
    "*",
    '"',
    "\\",
    "a_b",
  ),
  fc.uint8Array({ minLength: 1, maxLength: 40 }).filter((bytes) => !bytes.includes(0) && !bytes.includes(0x2f)),
);
const bytesOf = (value: string | Uint8Array): Uint8Array => (typeof value === "string" ? Buffer.from(value) : value);
const safeName = name.map(bytesOf).filter((bytes) => !["", ".", ".."].includes(Buffer.from(bytes).toString("latin1")));
const ofRestore = (bytes: Uint8Array): boolean => Buffer.from(bytes).toString("latin1").startsWith(".berth");

/** Seconds with microseconds, some older than 1970, none in the future: such a file is read again each time. */
const mtime = fc.oneof(
  fc.integer({ min: -1_000_000_000, max: 1_700_000_000 }),
  fc.integer({ min: 0, max: 1_700_000_000_000_000 }).map((us) => us / 1e6),
);
const content = fc.oneof(
  fc.constantFrom("", "the same content", "x".repeat(300)).map((text) => new Uint8Array(Buffer.from(text))),
  fc.uint8Array({ maxLength: 400 }),
  fc.nat({ max: 200_000 }).map((length) => new Uint8Array(length)),
);
const mode = fc.oneof(fc.constantFrom(0o644, 0o755, 0o600, 0o000, 0o4755, 0o1777, 0o444), fc.nat({ max: 0o7777 }));

const tree = fc.letrec<{ node: RandomNode; children: RandomChild[] }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 5 },
    { weight: 5, arbitrary: fc.record({ type: fc.constant("file" as const), mode, mtime, content }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant("again" as const), of: fc.nat({ max: 20 }) }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant("symlink" as const), mtime, target: safeName }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant("fifo" as const), mode, mtime }) },
    {
      weight: 3,
      arbitrary: fc.record({ type: fc.constant("folder" as const), mode, mtime, children: tie("children") }),
    },
  ),
  children: fc
    .array(fc.record({ name: safeName, node: tie("node") }), { maxLength: 6 })
    .map((children) => children.filter(({ name: one }) => !ofRestore(one)))
    .map(withoutTwins),
}));

/** The children of a workspace's root. */
export const randomTree: fc.Arbitrary<RandomChild[]> = tree.children;

function withoutTwins(children: RandomChild[]): RandomChild[] {
  const seen = new Map(children.map((child) => [Buffer.from(child.name).toString("latin1"), child]));
  return [...seen.values()];
}

/** Makes the folder hold that tree and nothing else. */
export function growTree(root: string, children: readonly RandomChild[]): void {
  // One that nobody may enter keeps whoever is not root from removing it.
  execFileSync("chmod", ["-R", "u+rwx", root]);
  for (const child of children.length >= 0 ? listNames(root) : []) rmSync(child, { recursive: true, force: true });
  grow(Buffer.from(root), children, []);
}

function listNames(root: string): Buffer[] {
  const printed = execFileSync("find", [root, "-mindepth", "1", "-maxdepth", "1", "-print0"], { encoding: "buffer" });
  const paths: Buffer[] = [];
  for (let from = 0, to = printed.indexOf(0); to >= 0; from = to + 1, to = printed.indexOf(0, from)) {
    paths.push(printed.subarray(from, to));
  }
  return paths;
}

function grow(folder: Buffer, children: readonly RandomChild[], files: Buffer[]): void {
  for (const { name: own, node } of children) {
    const path = Buffer.concat([folder, Buffer.from("/"), own]);
    try {
      plant(path, node, files);
    } catch (error) {
      // A name that this disk does not take.
      if (!(error instanceof Error && "code" in error && error.code === "ENAMETOOLONG")) throw error;
    }
  }
}

function plant(path: Buffer, node: RandomNode, files: Buffer[]): void {
  if (node.type === "again") return plantAgain(path, files[node.of % Math.max(files.length, 1)]);
  if (node.type === "symlink") {
    symlinkSync(Buffer.from(node.target), path);
    return lutimesSync(path, node.mtime, node.mtime);
  }
  if (node.type === "folder") {
    mkdirSync(path);
    grow(path, node.children, files);
  }
  if (node.type === "file") {
    writeFileSync(path, node.content);
    files.push(path);
  }
  if (node.type === "fifo") plantFifo(path);
  chmodSync(path, node.mode);
  utimesSync(path, node.mtime, node.mtime);
}

function plantAgain(path: Buffer, first: Buffer | undefined): void {
  if (first !== undefined) linkSync(first, path);
}

/** By way of a plain name: programs take no bytes that are no text. */
function plantFifo(path: Buffer): void {
  const beside = `/tmp/berth-fifo-${process.pid}`;
  rmSync(beside, { force: true });
  execFileSync("sh", ["-c", 'mkfifo "$1"', "sh", beside]);
  moveFifo(beside, path);
}

function moveFifo(from: string, to: Buffer): void {
  linkSync(from, to);
  rmSync(from);
}
