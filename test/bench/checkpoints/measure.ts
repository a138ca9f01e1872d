// Measures one tool on one tree: first, unchanged, ten edits, full restore, restore of ten files, bytes after ten checkpoints.
import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { editFiles, type FileSet, writeFileSet } from "./file-sets.ts";
import { compareTrees } from "./same-tree.ts";
import type { BackupTool, ToolKind } from "./tool.ts";

export const FIGURES = [
  "first",
  "unchanged",
  "10 edits",
  "full restore",
  "in-place restore",
  // Of a sandbox that has none of it on its own disk; tools that keep nothing there have no such figure.
  "full restore, fetched",
  "in-place restore, fetched",
] as const;
export type Figure = (typeof FIGURES)[number];
/** Milliseconds for each time that it was done. */
export type Measured = Record<Figure, number[]> & { storedBytes: number; peakMemory: number | null };

const REPEATS = 5;
const RESTORES = 3;
const CHECKPOINTS = 10;
/** Longer than a tool distrusts a file's time after it was written. */
const SETTLE_MS = 1_100;

export async function measure(kind: ToolKind, set: FileSet, say: (line: string) => void): Promise<Measured> {
  const scratch = mkdtempSync(join(tmpdir(), "berth-bench-"));
  const tool = await kind.create(scratch);
  try {
    writeFileSet(set, tool.folder);
    await sleep(SETTLE_MS);
    const measured = emptyFigures();
    say(`${kind.name} on ${set.name}: saving`);
    await save(tool, set, measured);
    measured.storedBytes = await tool.storedBytes();
    say(`${kind.name} on ${set.name}: restoring`);
    await restore(tool, set, { measured, reference: join(scratch, "reference") });
    measured.peakMemory = tool.peakMemory?.() ?? null;
    return measured;
  } finally {
    await tool.stop();
    rmSync(scratch, { recursive: true, force: true });
  }
}

function emptyFigures(): Measured {
  const saving = { first: [], unchanged: [], "10 edits": [] };
  const restoring = { "full restore": [], "in-place restore": [] };
  const fetching = { "full restore, fetched": [], "in-place restore, fetched": [] };
  return { ...saving, ...restoring, ...fetching, storedBytes: 0, peakMemory: null };
}

async function save(tool: BackupTool, set: FileSet, measured: Measured): Promise<void> {
  measured.first.push(await time(() => tool.save()));
  for (let round = 0; round < REPEATS; round++) measured.unchanged.push(await time(() => tool.save()));
  for (let round = 1; round < CHECKPOINTS; round++) {
    editFiles(set, tool.folder, round);
    await sleep(SETTLE_MS);
    measured["10 edits"].push(await time(() => tool.save()));
  }
}

type Restoring = { measured: Measured; reference: string };

async function restore(tool: BackupTool, set: FileSet, { measured, reference }: Restoring): Promise<void> {
  copyOf(tool.folder, reference);
  const timed = async (figure: Figure): Promise<void> => {
    measured[figure].push(await time(() => tool.restore()));
    compareTrees(reference, tool.folder);
  };
  const restoreBoth = async (whole: Figure, inPlace: Figure): Promise<void> => {
    for (let round = 0; round < RESTORES; round++) {
      empty(tool.folder);
      await timed(whole);
    }
    for (let round = 0; round < RESTORES; round++) {
      await sleep(SETTLE_MS);
      editFiles(set, tool.folder, CHECKPOINTS + round);
      await timed(inPlace);
    }
  };
  await restoreBoth("full restore", "in-place restore");
  if (tool.forget === undefined) return;
  tool.forget();
  await restoreBoth("full restore, fetched", "in-place restore, fetched");
}

function copyOf(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  cpSync(from, to, { recursive: true });
}

/** The folder itself stays: somebody may stand in it. */
function empty(folder: string): void {
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
}

async function time(work: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}
