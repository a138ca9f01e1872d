// What the runners wrote to their spools, as the chaos runner's journal has it: one file per session and runner process.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { RunnerEntry } from "../../../src/shared/rpc/runner-entry.ts";

export type Journal = {
  /** The runner's process, which is one runtime. */
  pid: number;
  isAlive: boolean;
  /** In the order in which they were spooled. */
  entries: RunnerEntry[];
};

export function journalFolder(home: string): string {
  return join(home, "chaos-journal");
}

export function readJournals(home: string, sessionId: string): Journal[] {
  const folder = join(journalFolder(home), sessionId);
  if (!existsSync(folder)) return [];
  return readdirSync(folder).map((name) => {
    const pid = Number(basename(name, ".jsonl"));
    return { pid, isAlive: isRunner(pid), entries: readEntries(join(folder, name)) };
  });
}

/** The last line of a process that was killed may be half of one: it was not spooled. */
function readEntries(path: string): RunnerEntry[] {
  const lines = readFileSync(path, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as RunnerEntry);
}

function isRunner(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("chaos/runner.ts");
  } catch {
    return false;
  }
}
