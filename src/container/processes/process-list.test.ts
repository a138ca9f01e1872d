import { spawn } from "node:child_process";
import { describe, expect, it } from "vitest";
import { listProcesses } from "./process-list.ts";

describe.skipIf(process.platform !== "linux")("the processes of a session (Linux: they are read from /proc)", () => {
  it("are those that carry its mark, with what they use, and without their secrets [processes.registry]", async () => {
    const mark = `CLAUDE_CONFIG_DIR=/tmp/mark-${crypto.randomUUID()}`;
    const [name = "", value = ""] = mark.split("=");
    const busy = "const end = Date.now() + 20000; while (Date.now() < end);";
    const child = spawn(process.execPath, ["-e", busy, "--", "--token=sk-ant-secret-123456"], {
      env: { ...process.env, [name]: value },
    });
    try {
      const find = () => listProcesses({ mark, user: null }, child.pid ?? null, Date.now())[0];
      await expect.poll(() => find()?.cpu_percent ?? 0).toBeGreaterThan(1);
      const found = find();
      expect(found).toMatchObject({ pid: child.pid, parent_pid: process.pid, kind: "claude" });
      expect(found?.rss_bytes).toBeGreaterThan(1_000_000);
      expect(Math.abs(Date.parse(found?.started_at ?? "") - Date.now())).toBeLessThan(30_000);
      expect(found?.command).not.toContain("sk-ant-secret");
      expect(listProcesses({ mark: "CLAUDE_CONFIG_DIR=/tmp/other", user: null }, null, Date.now())).toEqual([]);
    } finally {
      child.kill("SIGKILL");
    }
  });
});
