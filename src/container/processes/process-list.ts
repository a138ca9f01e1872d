// What runs for a session: found by the environment that everything inherits which its CLI started. Linux only.
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { MAX_PROCESSES, type ProcessInfo } from "../../shared/processes/schema.ts";
import type { CliUser } from "../config.ts";
import { findMarked } from "./process-tree.ts";
import { redact } from "./stderr-tail.ts";

/** Linux counts processor time in hundredths of a second on every platform that Node.js runs on. */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4096;
const MAX_COMMAND_CHARACTERS = 500;

/** What everything has in common that a session's CLI started: an entry of the environment, and the user. */
export type SessionMark = { mark: string; user: CliUser };

/** `claudePid`: Claude Code itself. */
export function listProcesses({ mark, user }: SessionMark, claudePid: number | null, nowMs: number): ProcessInfo[] {
  const bootMs = nowMs - readUptimeSeconds() * 1000;
  return findMarked(mark, user)
    .flatMap((pid) => describe(pid, { claudePid, bootMs, nowMs }))
    .slice(0, MAX_PROCESSES);
}

function describe(pid: number, at: { claudePid: number | null; bootMs: number; nowMs: number }): ProcessInfo[] {
  // The name in brackets may hold anything, so the fields are counted from behind it.
  const stat = readText(`/proc/${pid}/stat`);
  const fields = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
  const [, parent = 0] = fields;
  const ticks = (fields[11] ?? 0) + (fields[12] ?? 0);
  const startedMs = at.bootMs + ((fields[19] ?? 0) / TICKS_PER_SECOND) * 1000;
  if (stat === "") return [];
  const runMs = Math.max(1, at.nowMs - startedMs);
  const cpu = (ticks / TICKS_PER_SECOND / (runMs / 1000)) * 100;
  return [
    {
      pid,
      parent_pid: parent,
      kind: pid === at.claudePid ? "claude" : "child",
      command: redact(readText(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim(), []).slice(
        0,
        MAX_COMMAND_CHARACTERS,
      ),
      started_at: new Date(startedMs).toISOString(),
      cpu_percent: Math.round(Math.min(cpu, cpus().length * 100) * 10) / 10,
      rss_bytes: (fields[21] ?? 0) * PAGE_BYTES,
    },
  ];
}

function readUptimeSeconds(): number {
  return Number.parseFloat(readText("/proc/uptime")) || 0;
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
