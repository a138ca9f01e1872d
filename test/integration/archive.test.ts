import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { ArchiveBucket } from "../../src/durable-objects/archive/archive-keys.ts";
import { decompress } from "../../src/durable-objects/archive/zstd.ts";
import { readConfig } from "../../src/durable-objects/config.ts";
import { systemClock } from "../../src/durable-objects/clock.ts";
import { runSessionTasks } from "../../src/durable-objects/sessions/session-tasks.ts";
import { inSession, turnEnd, type TestWorld } from "./session-fixture.ts";
import { toBase64Url } from "../../src/shared/checkpoints/bytes-text.ts";

const config = { ...readConfig(env), archiveAfterMs: 0 };
const text = (value: string) => ({
  kind: "message" as const,
  message: { type: "assistant", message: { content: [{ type: "text", text: value }] } },
});
const count = (world: TestWorld) =>
  Number(world.session.storage.sql.exec("SELECT count(*) AS n FROM events").one()["n"]);

/** A bucket that counts its reads, and fails or lies when it is told to. */
function testBucket() {
  const faults = { put: false, lies: false, get: false };
  const reads: unknown[] = [];
  const bucket = {
    put: (...args: Parameters<R2Bucket["put"]>) =>
      faults.put ? Promise.reject(new Error("down")) : env.BUCKET.put(...args),
    async get(key: string, options?: R2GetOptions) {
      reads.push(options?.range ?? "whole");
      if (faults.get) throw new Error("down");
      const object = await env.BUCKET.get(key, options);
      if (object !== null && faults.lies) return { arrayBuffer: async () => new ArrayBuffer(3) };
      return object;
    },
    head: env.BUCKET.head.bind(env.BUCKET),
    list: env.BUCKET.list.bind(env.BUCKET),
    delete: env.BUCKET.delete.bind(env.BUCKET),
  } as unknown as ArchiveBucket;
  return { bucket, faults, reads };
}

/** What compresses well, and what does not at all. */
function wordsOf(index: number): string {
  if (index % 2 === 0) return "long words ä ".repeat(3_000);
  const bytes = Array.from({ length: 3 }, () => crypto.getRandomValues(new Uint8Array(60_000)));
  return bytes.map(toBase64Url).join("");
}

/** An ended session of many events: some long, so that they are several chunks. */
async function fill(world: TestWorld, messages = 40): Promise<string> {
  const { turnId, runner } = await world.begin("a long one");
  await runner.say({ kind: "turn_started", turn_id: turnId, origin: "prompt" });
  for (let index = 0; index < messages; index++) {
    const words = index % 7 === 0 ? wordsOf(index) : `short ${index}`;
    await runner.say({ ...text(words), turn_id: turnId });
  }
  await runner.say(turnEnd(turnId));
  await world.settle();
  await world.session.ender.end("ended on request");
  world.session.drive();
  await world.settle();
  return turnId;
}

async function ring(world: TestWorld): Promise<void> {
  world.session.alarms.reschedule("archive", 1);
  await runSessionTasks(world.session, env.DB, { info: () => {}, error: (event) => world.logged.push(event) });
}

async function readAll(world: TestWorld) {
  const events = [];
  for (let cursor = 0; ;) {
    const answer = await world.session.reader.wait({
      principal: world.principal,
      after_cursor: cursor,
      wait_ms: 0,
      return_on: "turn",
      turn_id: null,
    });
    events.push(...answer.events);
    cursor = answer.next_cursor;
    if (!answer.has_more) return events;
  }
}

async function readStream(world: TestWorld, after: number): Promise<string> {
  const opened = world.session.watchers.openStream(after);
  if (!opened.ok) throw new Error(opened.error.message);
  return new Response(opened.value).text();
}

describe("an ended session", () => {
  it("moves to R2 by the alarm and reads the same afterwards: pages, single events, state and watches [archive.same]", async () => {
    const { bucket } = testBucket();
    await inSession(
      async (world) => {
        await fill(world);
        const [before, view] = [await readAll(world), world.session.reader.view()];
        const streamed = await readStream(world, 3);
        const size = world.session.exports.bytes();
        const exported = await world.session.exports.page(0);
        expect(world.session.alarms.dueAt("archive")).not.toBeNull();
        await ring(world);
        expect(count(world)).toBe(0);
        expect(await readAll(world)).toEqual(before);
        expect(world.session.reader.view()).toEqual(view);
        for (const seq of [1, 2, 17, before.length])
          expect(await world.session.archived.get(seq)).toEqual(before[seq - 1]);
        expect(await world.session.archived.get(before.length + 1)).toBeNull();
        expect(await world.session.archived.get(0)).toBeNull();
        expect(await readStream(world, 3)).toBe(streamed);
        expect(world.session.exports.bytes()).toBe(size);
        const archivedPage = await world.session.exports.page(0);
        expect(archivedPage.events).toEqual(exported.events.slice(0, archivedPage.events.length));
        expect(world.session.events.cursor()).toBe(before.length);
      },
      { bucket, config },
    );
  });

  it("reads a page with one ranged read, of what is a plain zstd file of JSON lines [archive.one_read]", async () => {
    const { bucket, reads } = testBucket();
    await inSession(
      async (world) => {
        await fill(world);
        const before = await readAll(world);
        await ring(world);
        const row = world.session.sessions.get();
        const prefix = `teams/${row.team_id}/sessions/${row.session_id}/archive/`;
        const { objects } = await env.BUCKET.list({ prefix });
        expect(objects).toHaveLength(1);
        const whole = new Uint8Array(await (await env.BUCKET.get(objects[0]!.key))!.arrayBuffer());
        const chunks = world.session.storage.sql
          .exec<{ offset: number; bytes: number }>("SELECT offset, bytes FROM archive_chunks ORDER BY first_seq")
          .toArray();
        expect(chunks.length).toBeGreaterThan(2);
        // Frame after frame, without a gap.
        const frames = chunks.map(({ offset, bytes }) => decompress(whole.subarray(offset, offset + bytes)));
        expect(chunks.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(whole.length);
        const lines = frames.join("").trimEnd().split("\n");
        expect(lines.map((line) => JSON.parse(line))).toEqual(before);
        reads.length = 0;
        await world.session.archived.get(20);
        expect(reads).toEqual([{ offset: expect.any(Number), length: expect.any(Number) }]);
        await world.session.archived.get(20);
        expect(reads).toHaveLength(1);
      },
      { bucket, config },
    );
  });

  it("stays where it is until its time is over [archive.retention]", async () => {
    let nowMs = Date.now();
    const clock = { ...systemClock, nowMs: () => nowMs };
    const day = 24 * 60 * 60_000;
    await inSession(
      async (world) => {
        await fill(world, 3);
        const events = count(world);
        expect(world.session.alarms.dueAt("archive")! - nowMs).toBeGreaterThan(6.9 * day);
        await ring(world);
        expect(count(world)).toBe(events);
        nowMs += 7 * day + 60_000;
        await ring(world);
        expect(count(world)).toBe(0);
      },
      { clock },
    );
  });

  it("takes its runner's last entries after it was archived, numbers them on, and archives them too [archive.same]", async () => {
    await inSession(
      async (world) => {
        const turnId = await fill(world, 5);
        const before = await readAll(world);
        await ring(world);
        const { runner } = world;
        world.session.driver.requestWake();
        await world.session.driver.drive();
        await runner!.say({ ...text("last words"), turn_id: turnId });
        const after = await readAll(world);
        expect(after.slice(0, before.length)).toEqual(before);
        expect(after.map(({ seq }) => seq)).toEqual(after.map((_, index) => index + 1));
        expect(after.at(-1)?.data).toMatchObject({ message: text("last words").message });
        await ring(world);
        expect(count(world)).toBe(0);
        expect(await readAll(world)).toEqual(after);
        expect(world.session.events.endOfTurn(turnId)).toBe(before.find(({ type }) => type === "turn_completed")?.seq);
      },
      { config },
    );
  });

  it("removes its archive when it is deleted [archive.delete]", async () => {
    await inSession(
      async (world) => {
        await fill(world, 5);
        await ring(world);
        const row = world.session.sessions.get();
        const prefix = `teams/${row.team_id}/sessions/${row.session_id}/`;
        expect((await env.BUCKET.list({ prefix })).objects).toHaveLength(1);
        expect(await world.session.deleter.run(env.DB)).toEqual([]);
        expect((await env.BUCKET.list({ prefix })).objects).toEqual([]);
      },
      { config },
    );
  });
});

describe("moving to the archive", () => {
  it.each(["put", "lies", "get"] as const)(
    "keeps every row while R2 fails at `%s`, and goes on when it is back, with nothing twice [archive.survives]",
    async (fault) => {
      const { bucket, faults } = testBucket();
      await inSession(
        async (world) => {
          await fill(world, 10);
          const before = await readAll(world);
          faults[fault] = true;
          await ring(world);
          expect(world.logged).toContain("task_failed");
          expect(count(world)).toBe(before.length);
          expect(await readAll(world)).toEqual(before);
          faults[fault] = false;
          expect(world.session.alarms.dueAt("archive")).not.toBeNull();
          await ring(world);
          expect(count(world)).toBe(0);
          expect(await readAll(world)).toEqual(before);
          const row = world.session.sessions.get();
          const prefix = `teams/${row.team_id}/sessions/${row.session_id}/archive/`;
          expect((await env.BUCKET.list({ prefix })).objects).toHaveLength(1);
        },
        { bucket, config },
      );
    },
  );

  it("loses nothing when it is cut before the rows go [archive.survives]", async () => {
    await inSession(
      async (world) => {
        await fill(world, 10);
        const before = await readAll(world);
        const { sql } = world.session.storage;
        // The step that removes rows fails in its middle: the whole of it is as if it had not been.
        sql.exec("CREATE TRIGGER cut BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'cut'); END");
        await ring(world);
        expect(world.logged).toContain("task_failed");
        expect(sql.exec("SELECT * FROM archive_chunks").toArray()).toEqual([]);
        expect(await readAll(world)).toEqual(before);
        sql.exec("DROP TRIGGER cut");
        await ring(world);
        expect(count(world)).toBe(0);
        expect(await readAll(world)).toEqual(before);
      },
      { config },
    );
  });

  it("lets a reader fail clearly while R2 is away, and read on afterwards; a watcher just waits [archive.survives]", async () => {
    const { bucket, faults } = testBucket();
    await inSession(
      async (world) => {
        await fill(world, 10);
        const before = await readAll(world);
        await ring(world);
        faults.get = true;
        await expect(readAll(world)).rejects.toThrow("down");
        const streaming = readStream(world, 0);
        await expect.poll(() => world.logged).toContain("archive_not_read");
        faults.get = false;
        const ids = [...(await streaming).matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
        expect(ids).toEqual(before.map(({ seq }) => seq));
      },
      { bucket, config },
    );
  });
});

describe("a message too long for its row", () => {
  it("is named by its body in the export's page, before and after archiving [archive.export]", async () => {
    await inSession(
      async (world) => {
        const { turnId, runner } = await world.begin();
        const sha256 = "a".repeat(64);
        await runner.say(
          { kind: "message", turn_id: turnId, message: { shortened: true }, body: { sha256, bytes: 500_000 } },
          turnEnd(turnId),
        );
        await world.session.ender.end("ended on request");
        await world.settle();
        const find = async () =>
          (await world.session.exports.page(0)).events.filter(({ body_key }) => body_key !== null);
        const before = await find();
        expect(before).toHaveLength(1);
        expect(before[0]?.body_key).toContain(sha256);
        expect(world.session.exports.bytes()).toBeGreaterThan(500_000);
        const size = world.session.exports.bytes();
        await ring(world);
        expect(await find()).toEqual(before);
        expect(world.session.exports.bytes()).toBe(size);
      },
      { config },
    );
  });
});
