// A table as a file that is written while it is fetched: CSV for spreadsheets, JSON for programs.
import { csvLine } from "./csv-line.ts";

export const TABLE_FORMATS = {
  csv: { mimeType: "text/csv", extension: "csv" },
  json: { mimeType: "application/json", extension: "json" },
} as const;
export type TableFormat = keyof typeof TABLE_FORMATS;

export type TableRow = Readonly<Record<string, string | number | null>>;

export type Table = {
  columns: readonly string[];
  /** Asked for as the file is read, and given up with it. */
  pages: AsyncIterable<readonly TableRow[]>;
};

/** `of`: what it is about, such as `usage`. Days, both included. */
export type TableFile = { of: string; from: string; to: string; format: TableFormat };

export function tableFileName({ of, from, to, format }: TableFile): string {
  return `${of}-${from}-${to}.${TABLE_FORMATS[format].extension}`;
}

export function streamTable(table: Table, format: TableFormat): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const parts = writeTable(table, format);
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await parts.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    cancel: async () => void (await parts.return(undefined)),
  });
}

export function sendTable(body: ReadableStream<Uint8Array>, file: TableFile): Response {
  return new Response(body, {
    headers: {
      "content-type": `${TABLE_FORMATS[file.format].mimeType}; charset=utf-8`,
      "content-disposition": `attachment; filename="${tableFileName(file)}"`,
      "cache-control": "private, no-store, no-transform",
      "x-content-type-options": "nosniff",
    },
  });
}

async function* writeTable({ columns, pages }: Table, format: TableFormat): AsyncGenerator<string, undefined> {
  yield format === "csv" ? csvLine(columns) : "[";
  let isFirst = true;
  for await (const rows of pages) {
    if (rows.length === 0) continue;
    if (format === "csv") yield rows.map((row) => csvLine(columns.map((name) => row[name] ?? ""))).join("");
    else yield (isFirst ? "\n" : ",\n") + rows.map((row) => JSON.stringify(row)).join(",\n");
    isFirst = false;
  }
  if (format === "json") yield "\n]\n";
  return undefined;
}
