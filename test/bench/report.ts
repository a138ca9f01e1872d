// What a benchmark hands back, and how all of them are printed: a table each, its goals, and the machine.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";
import { join } from "node:path";

const REPOSITORY = join(import.meta.dirname, "..", "..");

export type Goal = { text: string; value: number; limit: number; unit: string; atLeast?: boolean };

export type Report = {
  title: string;
  columns: readonly string[];
  rows: readonly (readonly string[])[];
  goals: readonly Goal[];
};

/** Named so that a run without it says so. */
export type Skipped = { title: string; skipped: string };

export type Benchmark = { name: string; run(say: (line: string) => void): Promise<Report | Skipped> };

export function ms(value: number): string {
  return value >= 100 ? `${value.toFixed(0)} ms` : `${value.toFixed(1)} ms`;
}

export function formatReport(report: Report | Skipped): string {
  if ("skipped" in report) return `${report.title}\n  skipped: ${report.skipped}\n`;
  const goals = report.goals.map((goal) => `  ${formatGoal(goal)}`);
  return [report.title, ...formatTable([report.columns, ...report.rows]), ...goals, ""].join("\n");
}

function formatGoal({ text, value, limit, unit, atLeast = false }: Goal): string {
  const isReached = atLeast ? value >= limit : value <= limit;
  const figure = `${value.toFixed(unit === "×" ? 2 : 1)}${unit === "×" ? "×" : ` ${unit}`}`;
  const bound = `${atLeast ? "≥" : "≤"} ${limit}${unit === "×" ? "×" : ` ${unit}`}`;
  return `${isReached ? "reached" : "MISSED "}  ${text}: ${figure} (goal ${bound})`;
}

function formatTable(lines: readonly (readonly string[])[]): string[] {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => (line[column] ?? "").length)));
  const pad = (cell: string, column: number) =>
    column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
  return lines.map((line) => `  ${line.map(pad).join("  ")}`);
}

/** Cores, memory, kernel and versions: what the figures depend on, and nothing that names the machine. */
export function describeMachine(): string {
  const [core] = cpus();
  const version = (name: string) => readVersion(join(REPOSITORY, "node_modules", name, "package.json"));
  const claude = readVersion(join(REPOSITORY, "node_modules", "@anthropic-ai", "claude-agent-sdk", "package.json"));
  return [
    `machine: ${cpus().length} cores (${core?.model.trim() ?? "unknown"}), ${Math.round(totalmem() / 2 ** 30)} GB, Linux ${kernel()}, load before ${loadavg()[0]?.toFixed(1) ?? ""}`,
    `versions: Node ${process.versions.node}, workerd ${version("workerd")}, wrangler ${version("wrangler")}, Agent SDK ${claude}, commit ${commit()}`,
  ].join("\n");
}

/** Without what a distributor or a host appends to it. */
function kernel(): string {
  return /^\d+\.\d+(?:\.\d+)?/.exec(release())?.[0] ?? "";
}

function readVersion(path: string): string {
  return (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version;
}

function commit(): string {
  try {
    return execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: REPOSITORY, encoding: "utf8" }).trim();
  } catch {
    return "unknown";
  }
}
