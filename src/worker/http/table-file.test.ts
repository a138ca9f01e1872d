import { describe, expect, it } from "vitest";
import { sendTable, streamTable, type TableRow } from "./table-file.ts";

async function* pagesOf(...pages: TableRow[][]) {
  for (const page of pages) yield page;
}
const textOf = (pages: TableRow[][], format: "csv" | "json") =>
  new Response(streamTable({ columns: ["name", "n"], pages: pagesOf(...pages) }, format)).text();

describe("a table as a file", () => {
  it("has a line for each row, whatever pages they come in [audit.export]", async () => {
    const rows: TableRow[] = [
      { name: 'a "quote"', n: 1 },
      { name: null, n: 2 },
      { name: "=sum(a)", n: -3 },
    ];
    const [first, ...rest] = rows;
    for (const pages of [[rows], [[], [first!], [], rest]]) {
      expect(await textOf(pages, "csv")).toBe('name,n\r\n"a ""quote""",1\r\n,2\r\n\'=sum(a),-3\r\n');
      expect(JSON.parse(await textOf(pages, "json"))).toEqual(rows);
    }
    expect(await textOf([], "csv")).toBe("name,n\r\n");
    expect(JSON.parse(await textOf([[]], "json"))).toEqual([]);
  });

  it("reads no more than its reader takes, and stops with them", async () => {
    const asked: number[] = [];
    let isGivenUp = false;
    async function* pages() {
      try {
        for (let n = 0; ; n += 1) {
          asked.push(n);
          yield [{ name: "x", n }];
        }
      } finally {
        isGivenUp = true;
      }
    }
    const reader = streamTable({ columns: ["name", "n"], pages: pages() }, "csv").getReader();
    for (let reads = 0; reads < 3; reads += 1) await reader.read();
    await reader.cancel();
    expect(isGivenUp).toBe(true);
    expect(asked.length).toBeLessThanOrEqual(4);
  });

  it("goes out as an attachment that nobody keeps [audit.export]", () => {
    const days = { from: "2026-11-01", to: "2026-11-30" };
    const body = streamTable({ columns: [], pages: pagesOf() }, "csv");
    const { headers } = sendTable(body, { of: "usage", ...days, format: "csv" });
    expect(headers.get("content-disposition")).toBe('attachment; filename="usage-2026-11-01-2026-11-30.csv"');
    expect(headers.get("content-type")).toBe("text/csv; charset=utf-8");
    expect(headers.get("cache-control")).toContain("no-store");
  });
});
