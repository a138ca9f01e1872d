import { describe, expect, it } from "vitest";
import { inSession } from "./session-fixture.ts";

const claude = {
  pid: 42,
  parent_pid: 1,
  kind: "claude" as const,
  command: "claude",
  started_at: "2026-01-01T00:00:00.000Z",
  cpu_percent: 3.5,
  rss_bytes: 1024,
};

describe("a session's processes", () => {
  it("are those that its sandbox says, with the turn, the runtime and the last event [processes.registry]", async () => {
    await inSession(async (world) => {
      expect(await world.session.processes.list()).toMatchObject({ processes: [], checked: true, runtime_id: null });
      const { turnId, runner } = await world.begin();
      await runner.say({ kind: "turn_started", turn_id: turnId, origin: "prompt" });
      runner.processes = [claude];
      expect(await world.session.processes.list()).toMatchObject({
        session: { status: "running" },
        turn: { turn_id: turnId },
        runtime_id: runner.runtimeId,
        processes: [claude],
        checked: true,
        last_event: { seq: world.session.events.cursor() },
      });
      expect(await world.session.processes.kill({ pid: 7, force: false })).toEqual({
        ok: true,
        value: { killed: false },
      });
      expect(await world.session.processes.kill({ pid: 42, force: true })).toEqual({
        ok: true,
        value: { killed: true },
      });
      expect((await world.session.processes.list()).processes).toEqual([]);
    });
  });

  it("are unknown, and not none, while the sandbox does not answer [processes.registry]", async () => {
    await inSession(async (world) => {
      await world.begin();
      world.session.connection.close();
      world.runner = null;
      expect(await world.session.processes.list()).toMatchObject({ processes: [], checked: false });
      expect(await world.session.processes.kill({ pid: 1, force: false })).toMatchObject({
        error: { code: "sandbox_unavailable" },
      });
    });
  });
});
