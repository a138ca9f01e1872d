import { spawn } from "node:child_process";
import { describe, expect, it } from "vitest";
import { findProcess, parsePsLine, parseStat, readProcessTable } from "./process-table.ts";

// Fields 3 (state) to 22 (start time) of a line of /proc/<pid>/stat.
const rest = (state: string, parentPid: number, groupId: number, start: number) =>
  [state, parentPid, groupId, ...Array.from({ length: 16 }, () => 0), start, 0].join(" ");

describe("the process table", () => {
  it("reads a stat line whose command holds spaces and parentheses", () => {
    expect(parseStat(7, `7 (a (b) c) ${rest("S", 3, 5, 99)}`, "boot")).toEqual({
      pid: 7,
      parentPid: 3,
      groupId: 5,
      startMark: "boot:99",
    });
  });

  it("leaves out what has ended and waits for its parent", () => {
    expect(parseStat(7, `7 (x) ${rest("Z", 3, 5, 99)}`, "boot")).toBeNull();
    expect(parsePsLine("  7  3  5 Z+   Mon Nov 16 10:00:00 2026")).toBeNull();
  });

  it("reads a line of ps", () => {
    expect(parsePsLine("  7     3     5 Ss   Mon Nov 16 10:00:00 2026  ")).toEqual({
      pid: 7,
      parentPid: 3,
      groupId: 5,
      startMark: "Mon Nov 16 10:00:00 2026",
    });
  });

  it("finds this process, and forgets one that ended", async () => {
    expect(readProcessTable().some(({ pid }) => pid === process.pid)).toBe(true);
    const child = spawn(process.execPath, ["-e", ""]);
    await new Promise((resolve) => child.once("exit", resolve));
    expect(findProcess(child.pid ?? 0)).toBeNull();
  });
});
