// npm run demo, the tour.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cleanEnv } from "../../local/clean-env.ts";
import { readEnvironmentOf, readProcessTable } from "../../local/processes/process-table.ts";

describe("npm run demo", () => {
  it("boots the stack, signs a client in, runs one job, prints its events, exits 0 and leaves nothing [demo.tour]", async () => {
    const folder = mkdtempSync(join(tmpdir(), "berth-tour-"));
    try {
      const env = { ...cleanEnv(), TMPDIR: folder, SANDBOX: "process" };
      const child = spawn("npm", ["run", "demo", "--silent"], { env: env as unknown as NodeJS.ProcessEnv });
      let output = "";
      for (const stream of [child.stdout, child.stderr])
        stream.on("data", (chunk: Buffer) => (output += String(chunk)));
      const [code] = (await once(child, "close")) as [number | null];
      expect(output).toMatch(/Berth is ready: http:\/\/localhost:\d+\/mcp/);
      const events = [...output.matchAll(/^ +(\d+) {2}([a-z_]+)/gm)];
      expect(events.map(([, seq]) => Number(seq))).toEqual(events.map((_, index) => index + 1));
      const types = events.map(([, , type]) => type);
      for (const type of ["turn_started", "tool_call_started", "tool_call_completed", "turn_completed"]) {
        expect(types).toContain(type);
      }
      expect(output).toContain("Written by Berth's scripted model.");
      expect([code, output]).toEqual([0, output]);
      expect(readdirSync(folder).filter((name) => name.startsWith("berth-"))).toEqual([]);
      const left = readProcessTable().filter(({ pid }) =>
        readEnvironmentOf(pid).some((entry) => entry.includes(folder)),
      );
      expect(left).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
