// Prints what a run of chaos found: a line for each fault and moment, and below it what is wrong.
import { COUNT_NAMES, COUNTS, countFindings, type Counts } from "./oracle/counts.ts";
import type { CellResult } from "./strike.ts";

export function formatTable(results: readonly CellResult[]): string {
  const cells = Map.groupBy(results, ({ fault, moment }) => `${fault}\0${moment}`);
  const rows = [...cells.values()].map((rounds) => [
    rounds[0]?.fault ?? "",
    rounds[0]?.moment ?? "",
    String(rounds.length),
    ...toCells(countFindings(rounds.flatMap(({ findings }) => findings))),
  ]);
  const total = ["all", "", String(results.length), ...toCells(countFindings(results.flatMap((r) => r.findings)))];
  const lines = [["fault", "moment", "rounds", ...COUNT_NAMES.map((name) => COUNTS[name])], ...rows, total];
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? [];
  const pad = (cell: string, column: number) =>
    column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
  return lines.map((line) => line.map(pad).join("  ").trimEnd()).join("\n");
}

/** The most that is told of one cell: a broken log has a finding for every event. */
const MAX_REASONS = 8;

export function formatFindings(results: readonly CellResult[]): string {
  const wrong = results.filter(({ findings }) => findings.length > 0);
  return wrong
    .flatMap(({ fault, moment, findings }) => [
      `${fault}, ${moment}:`,
      ...findings.slice(0, MAX_REASONS).map(({ count, why }) => `  ${COUNTS[count]}: ${why}`),
      ...(findings.length > MAX_REASONS ? [`  and ${findings.length - MAX_REASONS} more`] : []),
    ])
    .join("\n");
}

function toCells(counts: Counts): string[] {
  return COUNT_NAMES.map((name) => String(counts[name]));
}
