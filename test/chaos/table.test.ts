import { describe, expect, it } from "vitest";
import type { CellResult } from "./strike.ts";
import { formatFindings, formatTable } from "./table.ts";

const cell = (change: Partial<CellResult> = {}): CellResult => ({
  fault: "CLI killed",
  moment: "mid-stream",
  findings: [],
  ends: ["failed"],
  ...change,
});

describe("the chaos table", () => {
  it("has a line for each fault and moment, its rounds added up, and one for all [chaos.table]", () => {
    const lost = { count: "lost" as const, why: "s: entry 3 was spooled and is not in the log" };
    const results = [cell(), cell({ findings: [lost, lost] }), cell({ moment: "during a tool" })];
    const rows = formatTable(results).split("\n");
    expect(rows.map((row) => row.split(/ {2,}/))).toEqual([
      [
        "fault",
        "moment",
        "rounds",
        "events lost",
        "events repeated",
        "prompts not once",
        "turns not ended once",
        "next prompt not taken",
        "numbers wrong",
        "answers differ",
      ],
      ["CLI killed", "mid-stream", "2", "2", "0", "0", "0", "0", "0", "0"],
      ["CLI killed", "during a tool", "1", "0", "0", "0", "0", "0", "0", "0"],
      ["all", "3", "2", "0", "0", "0", "0", "0", "0"],
    ]);
    expect(formatFindings(results)).toBe(
      `CLI killed, mid-stream:\n  events lost: ${lost.why}\n  events lost: ${lost.why}`,
    );
  });
});
