import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { bodyKey } from "../../src/durable-objects/events/body-store.ts";
import {
  hash,
  inSession,
  newId,
  RESULT,
  storeTranscript as store,
  turnEnd,
  type TestWorld,
} from "./session-fixture.ts";

async function completeTurn(world: TestWorld, pieces: string[], total_cost_usd: number) {
  const { turnId, runner } = await world.begin();
  await runner.say(turnEnd(turnId, { result: { ...RESULT, total_cost_usd } }));
  await world.settle();
  await store(runner, turnId, pieces);
  return { turnId, runner, endedAt: world.session.events.endOfTurn(turnId)! };
}

describe("a conversation's files", () => {
  it("are kept by version, and go with the next prompt [transcripts.upload] [transcripts.restore]", async () => {
    await inSession(async (world) => {
      await completeTurn(world, ["one\n"], 0.1);
      const { runner } = await completeTurn(world, ["one\n", "two\n"], 0.2);
      await world.begin("again");
      expect(runner.started.map((turn) => turn.transcript?.transcript_version ?? null)).toEqual([null, 1, 2]);
      const [file] = runner.started.at(-1)!.transcript!.files;
      const read = { runtime_id: runner.runtimeId, sha256: file!.segments[1]!.sha256, offset: 1, bytes: 2 };
      expect(new TextDecoder().decode((await runner.host!.readBody(read)).bytes)).toBe("wo");
    });
  });

  it("are not named before they are stored, nor by a stranger, nor for a turn that runs [transcripts.upload]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await world.begin();
      const files = [{ path: "c.jsonl", segments: [{ sha256: await hash("missing"), bytes: 7 }] }];
      const commit = { runtime_id: runner.runtimeId, turn_id: turnId, files };
      await expect(runner.host!.commitTranscript(commit)).rejects.toThrow("not stored");
      await expect(store(runner, turnId, ["x"])).rejects.toThrow("not ended");
      await expect(runner.host!.commitTranscript({ ...commit, runtime_id: newId() })).rejects.toThrow(
        "not the session's",
      );
      const outside = { ...commit, files: [{ ...files[0]!, path: "../../etc/passwd" }] };
      await expect(runner.host!.commitTranscript(outside)).rejects.toThrow();
      const read = { runtime_id: runner.runtimeId, sha256: await hash("missing"), offset: 0, bytes: 1 };
      await expect(runner.host!.readBody(read)).rejects.toThrow("names no such piece");
    });
  });
});

describe("a fork", () => {
  it("begins with the conversation of the turn that was asked for, and has cost nothing [transcripts.fork]", async () => {
    let source: Awaited<ReturnType<TestWorld["session"]["forks"]["source"]>> | undefined;
    let principal: TestWorld["principal"] | undefined;
    await inSession(async (world) => {
      const first = await completeTurn(world, ["one\n"], 0.1);
      const second = await completeTurn(world, ["one\n", "two\n"], 0.3);
      for (const { turnId } of [first, second]) {
        world.session.turns.markStarted(turnId, new Date().toISOString());
        world.session.turns.setAttachedBytes(turnId, 7);
      }
      const whole = { attached_bytes: 14 };
      expect(await world.session.forks.source(null)).toMatchObject({ ok: true, value: whole });
      source = await world.session.forks.source(first.endedAt + 1);
      expect(source).toMatchObject({ value: { at_event: first.endedAt, attached_bytes: 7 } });
      principal = world.principal;
    });
    if (!source?.ok || principal === undefined) throw new Error("no source");

    const forkId = newId();
    const fork = env.SESSION.getByName(forkId);
    const view = await fork.beginFork(principal, forkId, source.value);
    expect(view).toMatchObject({
      ok: true,
      value: { session: { session_id: forkId, status: "idle", turns: 0, cost_usd: 0 }, turn: null },
    });
    expect(await fork.beginFork(principal, forkId, source.value)).toMatchObject({ ok: true });
    expect(await fork.forkSource(principal, null)).toMatchObject({ ok: true, value: { attached_bytes: 7 } });
    const [piece] = source.value.files[0]!.segments;
    const copy = await env.BUCKET.get(bodyKey({ team_id: principal.team_id, session_id: forkId }, piece!.sha256));
    expect(await copy?.text()).toBe("one\n");
    expect(await fork.beginFork({ ...principal, user_id: newId() }, forkId, source.value)).toMatchObject({ ok: false });
  });

  it("is refused at a running turn, in the future, and before the first turn's end, with what to do [transcripts.fork]", async () => {
    await inSession(async (world) => {
      expect(await world.session.forks.source(null)).toMatchObject({
        error: { message: expect.stringMatching(/first turn/) },
      });
      const first = await completeTurn(world, ["one\n"], 0.1);
      const { turnId, runner } = await world.begin("more");
      await runner.say({ kind: "turn_started", turn_id: turnId, origin: "prompt" }, { kind: "message", message: {} });
      const inside = world.session.events.cursor() - 1;
      expect(await world.session.forks.source(inside)).toMatchObject({
        error: {
          message: `A turn is still running at event ${inside}. Leave at_event out, or give ${first.endedAt} or less.`,
        },
      });
      expect(await world.session.forks.source(9999)).toMatchObject({ error: { code: "invalid_argument" } });
      expect(await world.session.forks.source(1)).toMatchObject({ error: { code: "invalid_argument" } });
      expect(await world.session.forks.source(null)).toMatchObject({ value: { at_event: first.endedAt } });
    });
  });
});
