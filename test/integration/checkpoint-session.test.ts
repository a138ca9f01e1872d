// The session's part in checkpoints: what it tells the workspace of its turns, what its log says, and how its conversation goes back.
import { describe, expect, it } from "vitest";
import type { CheckpointRecord } from "../../src/shared/checkpoints/schema.ts";
import {
  inSession,
  newId,
  RESULT,
  storeTranscript,
  turnEnd,
  type TestRunner,
  type TestWorld,
} from "./session-fixture.ts";

const record = (wish: Partial<CheckpointRecord> = {}): CheckpointRecord => ({
  checkpoint_id: newId(),
  parent_id: null,
  kind: "turn",
  manifest_sha256: "0".repeat(64),
  message: "do it",
  author_id: null,
  session_id: newId(),
  turn_id: newId(),
  event_seq: 3,
  model: null,
  input_tokens: 1,
  output_tokens: 1,
  files: 2,
  bytes: 20,
  stored_bytes: 10,
  changes: { added: 2, changed: 0, removed: 0 },
  unstable_files: 0,
  omitted: 0,
  created_at: "2026-01-01T00:00:00.000Z",
  ...wish,
});

const events = (world: TestWorld, type: string) =>
  world.session.events.page(0, { maxEvents: 1000, maxBytes: 1e9 }).filter((event) => event.type === type);

/** `total`: as Claude Code counts it; `saved`: what a CLI that starts for the turn goes on from. */
async function runTurn(world: TestWorld, prompt = "do it", total = 0.1, saved: number | null = null) {
  const { turnId, runner } = await world.begin(prompt);
  await runner.say({ kind: "turn_started", turn_id: turnId, origin: "prompt" });
  if (saved !== null) await runner.say(cliStarted(saved));
  await runner.say(turnEnd(turnId, { result: { ...RESULT, total_cost_usd: total } }));
  await world.settle();
  await world.session.driver.drive();
  return { turnId, runner, endedAt: world.session.events.endOfTurn(turnId)! };
}

function cliStarted(total_cost_usd: number) {
  const totals = { total_cost_usd, model_usage: {} };
  return { kind: "cli_started", pid: 1, claude_session_id: newId(), resumed: true, totals } as const;
}

async function runStoredTurn(world: TestWorld, pieces: string[], cost: number) {
  const turn = await runTurn(world, "do it", cost);
  const { transcript_version } = await storeTranscript(turn.runner, turn.turnId, pieces);
  return { ...turn, transcript_version };
}

const question = (runner: TestRunner, turn_id: string, tool_name: string, tool_input: unknown = {}) => ({
  request_id: newId(),
  runtime_id: runner.runtimeId,
  turn_id,
  stage: "gate" as const,
  tool_name,
  tool_use_id: null,
  permission_mode: "acceptEdits" as const,
  tool_input,
});

describe("a turn that has ended", () => {
  it("gives its lease back with what its checkpoint says of it, after its result was told [checkpoints.after_result] [checkpoints.timeline]", async () => {
    await inSession(async (world) => {
      const { turnId, endedAt } = await runTurn(world, `  write\n  ${"x".repeat(500)}`);
      const { session_id, owner_id } = world.session.sessions.get();
      expect(world.endings).toEqual([
        {
          session_id,
          turn_id: turnId,
          author_id: owner_id,
          event_seq: endedAt,
          message: expect.stringMatching(/^write x{100,}/),
          model: null,
          usage: { input_tokens: 10, output_tokens: 5 },
        },
      ]);
      expect(world.endings[0]!.message.length).toBeLessThanOrEqual(240);
    });
  });

  it("before it began has no checkpoint of its own [checkpoints.strategies]", async () => {
    await inSession(async (world) => {
      world.leaseHeldBy = newId();
      world.submit();
      await world.session.driver.drive();
      await world.session.ender.interrupt();
      world.leaseHeldBy = null;
      await world.session.driver.drive();
      expect(world.released).toHaveLength(1);
      expect(world.endings).toEqual([]);
    });
  });

  it("lets the next one say that it waits for a checkpoint [checkpoints.after_result]", async () => {
    await inSession(async (world) => {
      world.waitsForOperation = "checkpoint";
      world.submit();
      await world.session.driver.drive();
      expect(world.session.sessions.get().status_reason).toBe("waits for a checkpoint in this project, place 1");
      world.waitsForOperation = null;
      await world.session.driver.drive();
      expect(world.runner?.started).toHaveLength(1);
    });
  });
});

describe("the first turn in a sandbox that was filled from a checkpoint", () => {
  it.each([
    [false, /^The sandbox is a new one: its files are those of the checkpoint [0-9a-f-]+ of 2026[^.]*\.\S*$/],
    [true, /What a turn changed after it was lost/],
  ])("says so, and whether something after it was lost: %s [checkpoints.wake]", async (changed_since, note) => {
    await inSession(async (world) => {
      world.restored = { checkpoint_id: newId(), created_at: "2026-01-01T00:00:00.000Z", changed_since };
      await runTurn(world);
      await runTurn(world, "again", 0.2);
      const [first, second] = events(world, "turn_started");
      expect(first?.data["notes"]).toEqual([expect.stringMatching(note)]);
      expect(second?.data["notes"]).toBeUndefined();
    });
  });
});

describe("a checkpoint in the log", () => {
  it("is one event, however often it is told, and none of an autosave or after the session's end [checkpoints.timeline]", async () => {
    await inSession(async (world) => {
      const { turnId } = await runTurn(world);
      const taken = record({ turn_id: turnId });
      const { checkpoints } = world.session;
      checkpoints.created(taken);
      checkpoints.created(taken);
      checkpoints.created(record({ kind: "autosave" }));
      world.restart();
      world.session.checkpoints.created(taken);
      const [event, ...more] = events(world, "checkpoint_created");
      expect(more).toEqual([]);
      const { checkpoint_id, kind, files, bytes, changes } = taken;
      expect(event).toMatchObject({ turn_id: turnId, data: { checkpoint_id, kind, files, bytes, changes } });
      await world.session.ender.end("ended on request");
      world.session.checkpoints.created(record());
      expect(events(world, "checkpoint_created")).toHaveLength(1);
    });
  });
});

describe("a conversation's mark", () => {
  it("names the version that goes with the turn, and waits for one that is on its way [checkpoints.conversation]", async () => {
    await inSession(async (world) => {
      const { turnId, runner, endedAt } = await runTurn(world);
      const marking = world.session.checkpoints.mark(turnId);
      await storeTranscript(runner, turnId, ["one\n"]);
      const { session_id } = world.session.sessions.get();
      expect(await marking).toEqual({ session_id, turn_id: turnId, event_seq: endedAt, transcript_version: 1 });
      expect(await world.session.checkpoints.mark(newId())).toBeNull();
      const second = await runTurn(world, "again", 0.2);
      const waiting = world.session.checkpoints.mark(second.turnId);
      const nudge = setInterval(() => (world.aheadMs += 1_000), 50);
      expect(await waiting).toMatchObject({ event_seq: second.endedAt, transcript_version: 1 });
      clearInterval(nudge);
    });
  });
});

describe("a conversation that goes back", () => {
  const rewindTo = (
    world: TestWorld,
    turn: { turnId: string; endedAt: number },
    transcript_version: number | null,
  ) => ({
    operation_id: newId(),
    checkpoint_id: newId(),
    mark: {
      session_id: world.session.sessions.get().session_id,
      turn_id: turn.turnId,
      event_seq: turn.endedAt,
      transcript_version,
    },
  });

  it("is forgotten by the sandbox, and the next turn resumes the older one under the same id [checkpoints.conversation]", async () => {
    await inSession(async (world) => {
      const first = await runStoredTurn(world, ["one\n"], 0.1);
      await runStoredTurn(world, ["one\n", "two\n"], 0.3);
      const before = world.session.sessions.get();
      const request = rewindTo(world, first, first.transcript_version);
      expect(await world.session.checkpoints.rewind(request)).toEqual({ ok: true, value: null });
      expect(first.runner.forgotten).toBe(true);
      const versions = world.session.transcripts.newest();
      expect(versions).toMatchObject({ transcript_version: 3, turn_id: first.turnId });
      first.runner.forgotten = false;
      world.restart();
      expect(await world.session.checkpoints.rewind(request)).toEqual({ ok: true, value: null });
      expect([first.runner.forgotten, world.session.transcripts.newest()]).toEqual([false, versions]);
      const told = events(world, "session_status_changed").at(-1);
      expect(told?.data["reason"]).toContain(`event ${first.endedAt}`);
      expect(await world.session.forks.source(null)).toMatchObject({ ok: true });
      const third = await runTurn(world, "and now", 0.2, 0.1);
      const started = first.runner.started.at(-1)!;
      expect(started).toMatchObject({ claude_session_id: before.claude_session_id });
      expect(started.transcript?.files[0]?.segments).toHaveLength(1);
      expect(world.session.turns.get(third.turnId)?.status).toBe("completed");
      expect(world.session.sessions.get().cost_usd).toBeCloseTo(0.4);
    });
  });

  it("to before its first turn begins anew [checkpoints.conversation]", async () => {
    await inSession(async (world) => {
      const first = await runStoredTurn(world, ["one\n"], 0.1);
      expect(await world.session.checkpoints.rewind(rewindTo(world, first, null))).toMatchObject({ ok: true });
      await world.begin("again");
      expect(first.runner.started.at(-1)).toMatchObject({ transcript: null });
    });
  });

  it("needs no sandbox, and waits for one that does not answer, and for a turn that runs [checkpoints.conversation]", async () => {
    await inSession(async (world) => {
      const first = await runStoredTurn(world, ["one\n"], 0.1);
      const request = rewindTo(world, first, 1);
      world.lookup = "unreachable";
      expect(await world.session.checkpoints.rewind(request)).toMatchObject({ error: { code: "sandbox_unavailable" } });
      world.lookup = null;
      const { turnId } = await world.begin("again");
      expect(await world.session.checkpoints.rewind(request)).toMatchObject({ error: { code: "session_busy" } });
      await first.runner.say(turnEnd(turnId));
      await world.settle();
      world.runner = null;
      expect(await world.session.checkpoints.rewind(request)).toMatchObject({ ok: true });
      expect(first.runner.forgotten).toBe(false);
      expect(world.session.transcripts.newest()?.transcript_version).toBe(2);
      const foreign = { ...request, operation_id: newId(), mark: { ...request.mark, session_id: newId() } };
      expect(await world.session.checkpoints.rewind(foreign)).toMatchObject({ error: { code: "session_not_found" } });
      const unknown = { ...request, operation_id: newId(), mark: { ...request.mark, transcript_version: 99 } };
      expect(await world.session.checkpoints.rewind(unknown)).toMatchObject({ error: { code: "checkpoint_damaged" } });
      await world.session.ender.end("ended on request");
      const late = { ...request, operation_id: newId() };
      expect(await world.session.checkpoints.rewind(late)).toMatchObject({ error: { code: "session_ended" } });
    });
  });
});

describe("before a tool call", () => {
  it("the workspace is asked for a checkpoint when its strategy wants one, and not otherwise [checkpoints.strategies]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await world.begin();
      await runner.host!.decidePermission(question(runner, turnId, "Bash", { command: "rm a" }));
      expect(world.beforeTools).toEqual([]);
      await runner.say(turnEnd(turnId));
      await world.settle();
      world.toolCheckpoints = "smart";
      const second = await world.begin("again");
      const { session_id } = world.session.sessions.get();
      for (const command of ["ls", "rm a"])
        await runner.host!.decidePermission(question(runner, second.turnId, "Bash", { command }));
      expect(world.beforeTools).toEqual([
        { turn_id: second.turnId, session_id, tool_name: "Bash", tool_input: { command: "rm a" } },
      ]);
      world.restart();
      await world.session.driver.drive();
      await world.session.connection.open(runner.runtimeId);
      await runner.host!.decidePermission(question(runner, second.turnId, "Bash", { command: "rm b" }));
      expect(world.beforeTools).toHaveLength(2);
    });
  });

  it("a checkpoint that fails neither refuses nor allows the tool [checkpoints.strategies] [runner.gate]", async () => {
    await inSession(async (world) => {
      world.toolCheckpoints = "per_tool_use";
      world.onBeforeTool = () => {
        throw new Error("down");
      };
      const submitted = world.submit({ options: { timeout_seconds: 60, allowed_tools: ["Edit"] } });
      if (!submitted.ok) throw new Error("not submitted");
      await world.session.driver.drive();
      const { turn_id } = submitted.value;
      const runner = world.runner!;
      expect(await runner.host!.decidePermission(question(runner, turn_id, "Edit"))).toEqual({ behavior: "no_rule" });
      expect(world.logged).toContain("checkpoint_before_tool_failed");
      expect(await runner.host!.decidePermission(question(runner, turn_id, "Bash"))).toMatchObject({
        behavior: "deny",
      });
      expect(world.beforeTools.map(({ tool_name }) => tool_name)).toEqual(["Edit"]);
    });
  });
});
