import { appendFileSync, closeSync, mkdtempSync, readFileSync, rmSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { boundLog, openLog, readLogTail } from "./log-file.ts";

let folder = "";
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "berth-log-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("a log file", () => {
  it("keeps its writer going when it is emptied, with one older copy", () => {
    const path = join(folder, "logs", "a.log");
    const file = openLog(path);
    writeSync(file, "before ".repeat(10));
    boundLog(path, 50);
    writeSync(file, "after");
    closeSync(file);
    expect(readFileSync(path, "utf8")).toBe("after");
    expect(readFileSync(`${path}.1`, "utf8")).toBe("before ".repeat(10));
  });

  it("is left alone while it is small, and may be missing", () => {
    const path = join(folder, "a.log");
    boundLog(path, 50);
    appendFileSync(path, "small");
    boundLog(path, 50);
    expect(statSync(`${path}.1`, { throwIfNoEntry: false })).toBeUndefined();
    expect(readFileSync(path, "utf8")).toBe("small");
  });

  it("shows its last lines", () => {
    const path = join(folder, "a.log");
    expect(readLogTail(path, 2)).toBe("");
    appendFileSync(path, `${"long line\n".repeat(5000)}last but one\nlast\n`);
    expect(readLogTail(path, 2)).toBe("last but one\nlast");
  });
});
