// One line of a CSV file (RFC 4180), such that a spreadsheet takes no cell for a formula.

/** What a spreadsheet would run, or read as a number that it is not. */
const FORMULA = /^[=+\-@\t\r]/;

export function csvLine(cells: readonly (string | number)[]): string {
  return `${cells.map(csvCell).join(",")}\r\n`;
}

function csvCell(value: string | number): string {
  if (typeof value === "number") return String(value);
  const safe = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
