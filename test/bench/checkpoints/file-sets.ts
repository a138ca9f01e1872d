// The trees that are checkpointed: made from a seed, so that every tool and every run sees the same bytes.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

export type FileSet = {
  name: string;
  files: number;
  bytesEach: number;
  content(random: Random, bytes: number): Buffer;
};
export type Random = () => number;

const MB = 1_000_000;
const FILES_PER_FOLDER = 25;

export const FILE_SETS: readonly FileSet[] = [
  { name: "text", files: 1_000, bytesEach: MB / 10, content: sourceText },
  { name: "random", files: 1_000, bytesEach: MB / 10, content: noise },
  { name: "small", files: 50_000, bytesEach: 600, content: sourceText },
];

export function pathOf(index: number): string {
  const folder = Math.floor(index / FILES_PER_FOLDER);
  return join(`package-${Math.floor(folder / 10)}`, `module-${folder % 10}`, `file-${index}.ts`);
}

export function writeFileSet(set: FileSet, root: string): void {
  const random = createRandom(20_261_121);
  for (let index = 0; index < set.files; index++) {
    const path = join(root, pathOf(index));
    if (index % FILES_PER_FOLDER === 0) mkdirSync(dirname(path), { recursive: true });
    // Sizes vary as those of sources do, around their mean.
    writeFileSync(path, set.content(random, Math.round(set.bytesEach * (0.5 + random()))));
  }
}

/** Ten files, others with each round: a line more at their beginning. */
export function editFiles(set: FileSet, root: string, round: number): void {
  for (let edit = 0; edit < 10; edit++) {
    const path = join(root, pathOf((round * 7919 + edit * 101) % set.files));
    writeFileSync(path, Buffer.concat([Buffer.from(`// round ${round}, edit ${edit}\n`), readFileSync(path)]));
  }
}

const WORDS = (
  "const let function return await async import export from type interface if else for of while new null undefined true " +
  "false string number boolean Promise Array Map Set request response options handler result value index length name path " +
  "session workspace checkpoint manifest store service client server event error code message status config user team"
).split(" ");

/** Lines of words that repeat as those of programs do, with names of their own in between. */
function sourceText(random: Random, bytes: number): Buffer {
  const lines: string[] = [];
  for (let length = 0; length < bytes;) {
    const indent = "  ".repeat(Math.floor(random() * 5));
    const words = Array.from({ length: 3 + Math.floor(random() * 8) }, () => pickWord(random));
    const line = `${indent}${words.join(random() < 0.3 ? "." : " ")};`;
    lines.push(line);
    length += line.length + 1;
  }
  return Buffer.from(`${lines.join("\n")}\n`).subarray(0, bytes);
}

function pickWord(random: Random): string {
  const word = WORDS[Math.floor(random() ** 2 * WORDS.length)] ?? "value";
  return random() < 0.15 ? `${word}${Math.floor(random() * 1e6).toString(36)}` : word;
}

function noise(random: Random, bytes: number): Buffer {
  const content = Buffer.allocUnsafe(bytes);
  for (let at = 0; at + 4 <= bytes; at += 4) content.writeUInt32LE(Math.floor(random() * 2 ** 32), at);
  return content;
}

/** Mulberry32. */
function createRandom(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
