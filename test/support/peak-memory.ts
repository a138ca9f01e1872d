// What processes of one program ever had in memory together, as the kernel counts it.
import { readFileSync } from "node:fs";

const MB = 1024 * 1024;

/**
 * In MB: the highest of each, one on top of the other, as if they had come at the same time. Pages of files, which are the
 * program's own and mapped by all of them, are there once. What has ended counts nothing.
 */
export function peakMemoryMb(pids: readonly number[]): number {
  const all = [...new Set(pids)].map((pid) => readStatus(pid)).filter((status) => status !== null);
  const shared = all.length === 0 ? 0 : Math.min(...all.map(({ files }) => files)) * (all.length - 1);
  return (all.reduce((sum, { peak }) => sum + peak, 0) - shared) / MB;
}

function readStatus(pid: number): { peak: number; files: number } | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    return null;
  }
  const bytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? 0) * 1024;
  return { peak: bytes("VmHWM"), files: bytes("RssFile") };
}
