// `npm run bench:checkpoints [-- set…]`: checkpoints against restic, borg, git and mksquashfs, on the same trees in one run.
import { chooseStateFolder } from "../state-folder.ts";
import { describeMachine, formatReport, type Goal, ms, type Report } from "../report.ts";
import { median } from "../statistics.ts";
import { berth } from "./berth-tool.ts";
import { FILE_SETS, type FileSet } from "./file-sets.ts";
import { FIGURES, type Figure, measure, type Measured } from "./measure.ts";
import { OTHER_TOOLS } from "./other-tools.ts";

const GOALS: Record<Figure, number> = {
  first: 0.7,
  unchanged: 0.05,
  "10 edits": 0.08,
  "full restore": 0.5,
  "in-place restore": 0.08,
  "full restore, fetched": 0.5,
  "in-place restore, fetched": 0.08,
};
const MAX_MEMORY_MB = 300;

type Result = { tool: string; measured: Measured };

async function benchmarkSet(set: FileSet): Promise<Report> {
  const results: Result[] = [];
  for (const kind of [berth, ...OTHER_TOOLS]) {
    const version = kind.version();
    if (version === null) console.error(`  … ${kind.name} is not installed`);
    else results.push({ tool: `${kind.name} ${version}`, measured: await measure(kind, set, say) });
  }
  return {
    title: `Checkpoints: ${set.name}, ${set.files} files of about ${set.bytesEach} bytes (medians; restores compared byte by byte)`,
    columns: ["tool", ...FIGURES, "stored after 10", "peak memory"],
    rows: results.map(toRow),
    goals: set.name === "text" ? toGoals(results) : memoryGoal(results),
  };
}

function toRow({ tool, measured }: Result): string[] {
  const { storedBytes, peakMemory } = measured;
  const times = FIGURES.map((figure) => (measured[figure].length === 0 ? "-" : ms(median(measured[figure]))));
  return [tool, ...times, megabytes(storedBytes), peakMemory === null ? "-" : megabytes(peakMemory)];
}

function toGoals(results: readonly Result[]): Goal[] {
  const [own, restic] = [results[0]?.measured, results.find(({ tool }) => tool.startsWith("restic"))?.measured];
  if (own === undefined || restic === undefined) return memoryGoal(results);
  const times = FIGURES.map((figure) => ({
    text: `${figure}, against restic`,
    value: median(own[figure]) / median(restic[COMPARABLE[figure] ?? figure]),
    limit: GOALS[figure],
    unit: "×",
  }));
  const stored = {
    text: "stored after 10, against restic",
    value: own.storedBytes / restic.storedBytes,
    limit: 1,
    unit: "×",
  };
  return [...times, stored, ...memoryGoal(results)];
}

/** What is fetched again is held against the same restore of a tool that has all of it here. */
const COMPARABLE: Partial<Record<Figure, Figure>> = {
  "full restore, fetched": "full restore",
  "in-place restore, fetched": "in-place restore",
};

function memoryGoal(results: readonly Result[]): Goal[] {
  const peak = results[0]?.measured.peakMemory ?? null;
  return peak === null
    ? []
    : [{ text: "peak memory of runner and engine", value: peak / 1e6, limit: MAX_MEMORY_MB, unit: "MB" }];
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

// Progress goes to stderr: stdout holds the tables alone.
function say(line: string): void {
  console.error(`  … ${line}`);
}

const names = process.argv.slice(2);
const state = chooseStateFolder();
console.log(`${describeMachine()}\nstate: ${state}\n`);
for (const set of FILE_SETS) {
  if (names.length === 0 || names.includes(set.name)) console.log(formatReport(await benchmarkSet(set)));
}
process.exit(0);
