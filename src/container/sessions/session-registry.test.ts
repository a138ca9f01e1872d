// What the runner keeps of a session that has ended, and what a turn on a full disk comes to: with the real Claude Code.
import { randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, readlinkSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { useRunnerBench } from "../../../test/support/runner-bench.ts";
import { createTestHost, makeTurn } from "../../../test/support/runner-host.ts";

const bench = useRunnerBench();

/** Files of that session that the runner holds open. */
function openFiles(sessionId: string): string[] {
  const folder = `/proc/${bench.runner.child.pid}/fd`;
  const target = (name: string): string => {
    try {
      return readlinkSync(join(folder, name));
    } catch {
      return "";
    }
  };
  return readdirSync(folder)
    .map(target)
    .filter((path) => path.includes(sessionId));
}

describe("a session that has ended", () => {
  it("is forgotten once everything is acknowledged, and not before [runner.session_end]", async () => {
    const host = await bench.openSession();
    const turn = makeTurn("hello", randomUUID());
    await host.runner().startTurn(turn);
    await host.turnEnded(turn.turn_id);
    expect(openFiles(host.sessionId)).toHaveLength(1);
    host.behaviour.append = () => Promise.reject(new Error("not now"));
    await host.runner().endSession();
    await expect.poll(() => host.socket()?.readyState).toBe(3);
    expect(openFiles(host.sessionId)).toHaveLength(1);
    delete host.behaviour.append;
    await host.connect();
    await host.until(() => host.ofKind("cli_exited")[0], "the end of Claude Code");
    await expect.poll(() => openFiles(host.sessionId)).toEqual([]);
  });

  it("goes on with its numbers when it is asked about again, and is forgotten again [runner.session_end]", async () => {
    const host = await bench.openSession();
    const turn = makeTurn("hello", randomUUID());
    await host.runner().startTurn(turn);
    await host.turnEnded(turn.turn_id);
    await host.runner().endSession();
    await expect.poll(() => openFiles(host.sessionId)).toEqual([]);
    const { length } = host.entries;
    expect(await host.connect()).toMatchObject({ last_source_seq: length, running_turn_id: null, cli_live: false });
    const next = makeTurn("hello again", turn.claude_session_id);
    await host.runner().startTurn(next);
    await host.turnEnded(next.turn_id);
    expect(host.entries.map(({ source_seq }) => source_seq)).toEqual(host.entries.map((_entry, index) => index + 1));
    await host.runner().endSession();
    // What is not acknowledged yet would keep it, and rightly.
    await expect.poll(() => openFiles(host.sessionId)).toEqual([]);
    await host.connect();
    host.cut();
    await expect.poll(() => openFiles(host.sessionId)).toEqual([]);
  });
});

describe("on a full disk", () => {
  it("a turn ends and says so, instead of running for ever [runner.turn_end]", async () => {
    const host = createTestHost(bench.runner);
    const spool = join(bench.runner.stateDir, "sessions", host.sessionId, "spool.jsonl");
    mkdirSync(dirname(spool), { recursive: true });
    symlinkSync("/dev/full", spool);
    await host.connect();
    const turn = makeTurn("hello", randomUUID());
    await host.runner().startTurn(turn);
    expect(await host.turnEnded(turn.turn_id)).toMatchObject({ reason: "not_recorded", result: null });
    await host.until(() => host.ofKind("cli_exited")[0], "the end of Claude Code");
    expect(await host.runner().ping()).toMatchObject({ running_turn_id: null, cli_live: false });
  });
});
