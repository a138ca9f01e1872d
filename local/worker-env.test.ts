import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { formatEnvFile, writeWorkerEnv } from "./worker-env.ts";

describe("the Worker's env file", () => {
  it("keeps dollar signs, spaces and hashes as they are", () => {
    expect(formatEnvFile({ A: "x $HOME # y", B: "" })).toBe("A='x \\$HOME # y'\nB=''\n");
  });

  it.each(["it's", "back\\slash", "two\nlines"])("refuses %j, naming the variable and not the value", (value) => {
    expect(() => formatEnvFile({ KEY: value })).toThrow(/^KEY holds/);
    expect(() => formatEnvFile({ KEY: value })).not.toThrow(value);
  });

  it("is readable for its owner alone", () => {
    const folder = mkdtempSync(join(tmpdir(), "berth-env-"));
    try {
      const path = join(folder, "worker.env");
      writeWorkerEnv(path, { A: "1" });
      expect(readFileSync(path, "utf8")).toBe("A='1'\n");
      expect(statSync(path).mode & 0o777).toBe(0o600);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
