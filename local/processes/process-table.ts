// Reads which processes run: from /proc on Linux, from `ps` elsewhere. Decides nothing.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

export type ProcessRow = {
  pid: number;
  parentPid: number;
  groupId: number;
  /** Differs between two processes that had the same pid one after the other, across reboots too. */
  startMark: string;
};

/** All processes but zombies. */
export function readProcessTable(): ProcessRow[] {
  return process.platform === "linux" ? readProc() : readPs();
}

export function findProcess(pid: number): ProcessRow | null {
  if (process.platform === "linux") return readProcRow(pid, readBootId());
  return readPs().find((row) => row.pid === pid) ?? null;
}

/** The environment that the process was started with, as NAME=value; empty where it is not to be seen. */
export function readEnvironmentOf(pid: number): string[] {
  if (process.platform !== "linux") return [];
  return readText(`/proc/${pid}/environ`)?.split("\0") ?? [];
}

function readProc(): ProcessRow[] {
  const bootId = readBootId();
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map((pid) => readProcRow(Number(pid), bootId)).filter((row) => row !== null);
}

function readProcRow(pid: number, bootId: string): ProcessRow | null {
  const stat = readText(`/proc/${pid}/stat`);
  return stat === null ? null : parseStat(pid, stat, bootId);
}

/** One line of /proc/<pid>/stat. The command's name stands in parentheses and may hold anything. */
export function parseStat(pid: number, stat: string, bootId: string): ProcessRow | null {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, parentPid, groupId] = fields;
  const startTicks = fields[19];
  if (state === undefined || state === "Z" || state === "X" || startTicks === undefined) return null;
  return { pid, parentPid: Number(parentPid), groupId: Number(groupId), startMark: `${bootId}:${startTicks}` };
}

function readBootId(): string {
  return readText("/proc/sys/kernel/random/boot_id")?.trim() ?? "";
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

function readPs(): ProcessRow[] {
  const output = execFileSync("ps", ["-axo", "pid=,ppid=,pgid=,stat=,lstart="], { encoding: "utf8" });
  return output.split("\n").flatMap((line) => parsePsLine(line) ?? []);
}

export function parsePsLine(line: string): ProcessRow | null {
  const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.+?)\s*$/.exec(line);
  if (match === null || match[4]?.startsWith("Z")) return null;
  return { pid: Number(match[1]), parentPid: Number(match[2]), groupId: Number(match[3]), startMark: match[5] ?? "" };
}
