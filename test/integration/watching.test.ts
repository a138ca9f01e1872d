import { describe, expect, it, vi } from "vitest";
import type { SessionEvent } from "../../src/shared/events/event.ts";
import { WATCH_LIMITS, type WatchLimits } from "../../src/shared/watching/watch-policy.ts";
import { createWatchHub, type SocketPort, type WatchHub } from "../../src/durable-objects/watching/watch-hub.ts";
import { readSse, type SseMessage, type SseReader } from "../support/read-sse.ts";
import { inSession, newId, TestRunner, turnEnd, type TestWorld } from "./session-fixture.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const text = (value: string) => ({ kind: "message" as const, message: { type: "assistant", text: value } });
const ids = (messages: SseMessage[]) => messages.map((message) => message.id);
const upTo = (last: number, from = 1) => Array.from({ length: last - from + 1 }, (_, index) => from + index);

function open(hub: WatchHub, after = 0): SseReader {
  const opened = hub.openStream(after);
  if (!opened.ok) throw new Error(opened.error.message);
  return readSse(opened.value);
}

/** A hub of its own on the world's log, with limits that a test can wait for. Sockets stay in memory. */
function hubWith(world: TestWorld, limits: Partial<WatchLimits>): WatchHub {
  const sockets: SocketPort = {
    acceptWebSocket(socket: WebSocket) {
      socket.accept();
      socket.addEventListener("message", ({ data }) => void hub.hear(socket, data as string));
      socket.addEventListener("close", () => hub.forget(socket));
    },
    getWebSockets: () => [],
    setWebSocketAutoResponse: () => undefined,
  };
  const hub = createWatchHub({
    answerPermission: async () => null,
    ...world.session,
    sockets,
    onWatched: () => undefined,
    onError: (error) => world.logged.push(String(error)),
    limits: { ...WATCH_LIMITS, ...limits },
  });
  return hub;
}

/** A socket's frames as they come, and whether and how it was closed. */
function openSocket(hub: WatchHub, after = 0) {
  const opened = hub.openSocket(after);
  if (!opened.ok) throw new Error(opened.error.message);
  const socket = opened.value;
  const frames: any[] = [];
  const closed: number[] = [];
  socket.addEventListener("message", ({ data }) => frames.push(JSON.parse(data as string)));
  socket.addEventListener("close", ({ code }) => closed.push(code));
  socket.accept();
  const seqs = () => frames.filter((frame) => frame.kind === "event").map((frame) => frame.event.seq as number);
  return { socket, frames, closed, seqs, acknowledge: (seq: number) => socket.send(`{"kind":"cursor","seq":${seq}}`) };
}

class RunnerSlowToEnd extends TestRunner {
  override async endSession() {
    await pause(50);
  }
}

describe("a watch by server-sent events", () => {
  it("gives each event with its number, type and the same JSON that the log reads back [watching.stream]", async () => {
    await inSession(async (world) => {
      const { turnId, runner } = await world.begin();
      await runner.say({ kind: "turn_started", turn_id: turnId, origin: "prompt" }, text('Ünïcode "quoted"\n\nlines'));
      const body = { sha256: "a".repeat(64), bytes: 12 };
      await runner.say({ ...text("shortened"), body } as never);
      const events = world.session.events.page(0, { maxEvents: 100, maxBytes: 1e9 });
      const watch = open(world.session.watchers);
      const messages = await watch.until(({ id }) => id === events.length);
      expect(messages.map((message) => message.data as SessionEvent)).toEqual(events);
      expect(messages.map(({ id, type }) => [id, type])).toEqual(events.map(({ seq, type }) => [seq, type]));
      expect(messages.at(-1)?.data.body).toEqual(body);
      await watch.cancel();
    });
  });

  it("misses and repeats nothing between replay and live, however the appends fall [watching.seam]", async () => {
    await inSession(async (world) => {
      const { runner } = await world.begin();
      const total = () => world.session.events.cursor();
      const watchers: Promise<{ after: number; seen: (number | null)[] }>[] = [];
      const goal = 400;
      for (let round = 0; total() < goal; round++) {
        const burst = Array.from({ length: 1 + Math.floor(Math.random() * 9) }, () =>
          text(`round ${round} `.repeat(20)),
        );
        const appended = runner.say(...burst);
        if (round % 5 === 0) {
          const after = Math.floor(Math.random() * (total() + 1));
          const watch = open(world.session.watchers, after);
          watchers.push(
            (async () => {
              const seen: (number | null)[] = [];
              for (;;) {
                const message = await watch.next();
                seen.push(message?.id ?? null);
                if (Math.random() < 0.1) await pause(Math.random() * 10);
                if (message === null || (message.id ?? 0) >= goal) break;
              }
              await watch.cancel();
              return { after, seen };
            })(),
          );
        }
        if (Math.random() < 0.5) await appended;
        if (Math.random() < 0.3) await pause(Math.random() * 5);
        await appended;
      }
      const all = await Promise.all(watchers);
      expect(all.length).toBeGreaterThan(5);
      for (const { after, seen } of all) expect(seen).toEqual(upTo(goal, after + 1));
      await expect.poll(() => world.session.watchers.isWatched()).toBe(false);
    });
  });

  it("is one of many that share what was read and serialised once [watching.speed]", async () => {
    await inSession(async (world) => {
      const { runner } = await world.begin();
      const start = world.session.events.cursor();
      const read = vi.spyOn(world.session.events, "pageJson");
      const watches = upTo(20).map(() => open(world.session.watchers, start));
      const done = watches.map((watch) => watch.until(({ id }) => id === start + 100));
      for (let n = 0; n < 100; n++) await runner.say(text("tick"));
      for (const messages of await Promise.all(done)) expect(ids(messages)).toEqual(upTo(start + 100, start + 1));
      const readEvents = read.mock.results.reduce((sum, { value }) => sum + (value as unknown[]).length, 0);
      expect(readEvents).toBe(100);
      await Promise.all(watches.map((watch) => watch.cancel()));
    });
  });

  it("waits without a busy loop for events that cannot be read yet, and goes on with the bell [watching.stream]", async () => {
    await inSession(async (world) => {
      const { events, bell } = world.session;
      let isThere = false;
      const asked = vi.fn<typeof events.pageJson>((after, limit) => (isThere ? events.pageJson(after, limit) : []));
      const fetched = { ...world, session: { ...world.session, events: { ...events, pageJson: asked } } };
      world.session.log.write(() => events.append({ type: "hook_executed", turn_id: null, data: {} }));
      const hub = hubWith(fetched, { keepAliveMs: 50 });
      const [watch, socket] = [open(hub), openSocket(hub)];
      const arriving = watch.next();
      await pause(200);
      expect(asked.mock.calls.length).toBeLessThan(20);
      isThere = true;
      bell.ring();
      expect((await arriving)?.id).toBe(1);
      await expect.poll(() => socket.seqs()).toEqual([1]);
      await watch.cancel();
      socket.socket.close(1000);
    });
  });

  it("is cut off with a cursor when it takes nothing, while the others get everything at once [watching.slow]", async () => {
    await inSession(async (world) => {
      const hub = hubWith(world, { keepAliveMs: 20, stallMs: 200 });
      const { runner } = await world.begin();
      const [slow, quick] = [open(hub), open(hub)];
      expect((await slow.next())?.id).toBe(1);
      for (let round = 0; round < 30; round++) await runner.say(text("x".repeat(20_000)), text("y"));
      const last = world.session.events.cursor();
      expect(ids(await quick.until(({ id }) => id === last))).toEqual(upTo(last));
      await pause(500);
      const rest = await slow.until(() => false);
      const cutOff = rest.pop();
      expect(cutOff).toMatchObject({ id: null, type: "cut_off", data: { reason: "slow" } });
      expect(cutOff?.data.cursor).toBeLessThan(last);
      expect(ids(rest)).toEqual(upTo(cutOff?.data.cursor, 2));
      const again = open(hub, cutOff?.data.cursor);
      expect(ids(await again.until(({ id }) => id === last))).toEqual(upTo(last, cutOff?.data.cursor + 1));
      await Promise.all([quick.cancel(), again.cancel()]);
    });
  });

  it("hears a comment from time to time when nothing happens, and is asked to come back after its time [watching.rights]", async () => {
    await inSession(async (world) => {
      const watch = open(hubWith(world, { keepAliveMs: 20, maxWatchMs: 300 }));
      const messages = await watch.until(() => false);
      expect(watch.comments.filter((comment) => comment === "keep-alive").length).toBeGreaterThan(3);
      expect(messages).toEqual([{ id: null, type: "cut_off", data: { cursor: 0, reason: "expired" } }]);
    });
  });

  it("ends once the session has ended and everything was sent [watching.end]", async () => {
    await inSession(async (world) => {
      world.runner = new RunnerSlowToEnd();
      const { turnId, runner } = await world.begin();
      await runner.say({ kind: "turn_started", turn_id: turnId, origin: "prompt" });
      const live = open(world.session.watchers);
      await live.next();
      const seeing = live.until(() => false);
      // The session counts as ended at once; its turn ends when the runner has answered.
      await world.session.ender.end("ended on request");
      const last = world.session.events.cursor();
      const replayed = await open(world.session.watchers).until(() => false);
      const end = {
        id: null,
        type: "end",
        data: { cursor: last, status: "ended", reason: world.session.sessions.get().status_reason },
      };
      expect(replayed.at(-1)).toEqual(end);
      expect(ids(replayed.slice(0, -1))).toEqual(upTo(last));
      const seen = await seeing;
      expect(seen.at(-1)).toEqual(end);
      expect(ids(seen.slice(0, -1))).toEqual(upTo(last, 2));
      expect(world.session.watchers.isWatched()).toBe(false);
    });
  });

  it("is refused for a cursor that the session has not reached [watching.cursor]", async () => {
    await inSession(async (world) => {
      const refused = {
        ok: false,
        error: { code: "invalid_argument", message: expect.stringContaining("newest event is 0") },
      };
      expect(world.session.watchers.openStream(1)).toMatchObject(refused);
      expect(world.session.watchers.openSocket(1)).toMatchObject(refused);
      expect(world.session.watchers.isWatched()).toBe(false);
    });
  });
});

class PreviewRunner extends TestRunner {
  readonly wanted: boolean[] = [];
  override async hello(request: { acknowledged_source_seq: number; previews?: boolean }) {
    this.wanted.push(request.previews === true);
    return super.hello(request);
  }
  override async setPreviews(request?: { previews: boolean }) {
    this.wanted.push(request?.previews === true);
  }
  async show(turn_id: string, value: string, runtime_id = this.runtimeId) {
    await this.host!.preview({ runtime_id, turn_id, message: { type: "stream_event", text: value } });
  }
}

describe("previews", () => {
  it("flow only while somebody watches, to watchers that have every event, in their place among the events [watching.previews]", async () => {
    await inSession(async (world) => {
      const runner = new PreviewRunner();
      world.runner = runner;
      const { turnId } = await world.begin();
      expect(runner.wanted).toEqual([false]);
      await runner.show(turnId, "nobody sees this");
      const before = world.session.events.cursor();

      const watch = open(world.session.watchers);
      const socket = openSocket(hubWith(world, {}));
      await expect.poll(() => runner.wanted).toEqual([false, true]);
      await watch.until(({ id }) => id === before);
      const seeing = watch.until(({ data }) => data.message?.text === "two");
      await runner.show(turnId, "one");
      await runner.show(turnId, "of another runtime", newId());
      await runner.say(text("whole"));
      await runner.show(turnId, "two");
      const seen = await seeing;
      expect(seen.map(({ id, type, data }) => [id, type, data.message?.text ?? data.data.message.text])).toEqual([
        [null, "preview", "one"],
        [before + 1, "message_received", "whole"],
        [null, "preview", "two"],
      ]);
      expect(seen[0]?.data).toEqual({ turn_id: turnId, message: { type: "stream_event", text: "one" } });
      expect(world.session.events.cursor()).toBe(before + 1);

      await watch.cancel();
      await expect.poll(() => runner.wanted).toEqual([false, true, false]);
      socket.socket.close(1000);
    });
  });

  it("are dropped for a watcher that lags behind, and asked for at the hello when somebody watches already [watching.previews]", async () => {
    await inSession(async (world) => {
      const runner = new PreviewRunner();
      world.runner = runner;
      const watch = open(world.session.watchers);
      const { turnId } = await world.begin();
      expect(runner.wanted).toEqual([true]);
      await watch.next();
      // It takes nothing from here on: one chunk may be under way, and the events behind it close the way for previews.
      await runner.say(text("a"));
      await pause(5);
      await runner.say(text("b"));
      await runner.show(turnId, "late");
      await runner.say(text("c"));
      const last = world.session.events.cursor();
      const seen = await watch.until(({ id }) => id === last);
      expect(seen.filter(({ type }) => type === "preview")).toEqual([]);
      await watch.cancel();
    });
  });
});

describe("a watch by WebSocket", () => {
  it("replays, goes on live, brings previews and ends with the session [watching.socket] [watching.previews] [watching.end]", async () => {
    await inSession(async (world) => {
      const hub = hubWith(world, {});
      const { turnId, runner } = await world.begin();
      await runner.say({ kind: "turn_started", turn_id: turnId, origin: "prompt" }, text("before"));
      const watch = openSocket(hub, 1);
      await runner.say(text("after"));
      const reached = world.session.events.cursor();
      await expect.poll(() => watch.seqs()).toEqual(upTo(reached, 2));
      hub.preview({ turn_id: turnId, message: { text: "live" } });
      await expect
        .poll(() => watch.frames.at(-1))
        .toEqual({ kind: "preview", turn_id: turnId, message: { text: "live" } });
      await runner.say(turnEnd(turnId));
      await world.settle();
      await world.session.ender.end("ended on request");
      const last = world.session.events.cursor();
      await expect.poll(() => watch.frames.at(-1)).toMatchObject({ kind: "end", cursor: last, status: "ended" });
      expect(watch.seqs()).toEqual(upTo(last, 2));
      await expect.poll(() => watch.closed).toEqual([1000]);
    });
  });

  it("is sent no more than its window until it acknowledges, and is cut off with a cursor when it does not [watching.slow]", async () => {
    await inSession(async (world) => {
      const hub = hubWith(world, { maxUnacknowledgedBytes: 10_000, stallMs: 300, keepAliveMs: 20 });
      const { runner } = await world.begin();
      const [slow, good] = [openSocket(hub), openSocket(hub)];
      good.socket.addEventListener("message", ({ data }) => {
        const frame = JSON.parse(data as string);
        if (frame.kind === "event") good.acknowledge(frame.event.seq);
      });
      for (let round = 0; round < 20; round++) await runner.say(text("z".repeat(3_000)));
      const last = world.session.events.cursor();
      await expect.poll(() => good.seqs()).toEqual(upTo(last));
      expect(slow.seqs().length).toBeLessThan(8);
      expect(JSON.stringify(slow.frames).length).toBeLessThan(11_000);
      await expect.poll(() => slow.closed, { timeout: 3_000 }).toEqual([1013]);
      const sent = slow.seqs();
      expect(slow.frames.at(-1)).toEqual({ kind: "cut_off", cursor: sent.at(-1), reason: "slow" });
      expect(sent).toEqual(upTo(sent.length));
      expect(good.closed).toEqual([]);
      const again = openSocket(hub, sent.length);
      again.acknowledge(0);
      await expect.poll(() => again.seqs().length).toBeGreaterThan(0);
      expect(again.seqs()[0]).toBe(sent.length + 1);
      good.socket.close(1000);
      again.socket.close(1000);
    });
  });

  it.each([
    "{",
    '{"kind":"cursor","seq":"1"}',
    '{"kind":"cursor","seq":99}',
    '{"kind":"cursor","seq":-1}',
    `"${"x".repeat(1000)}"`,
  ])("is closed with the reason for the frame %j [watching.cursor]", async (frame) => {
    await inSession(async (world) => {
      const watch = openSocket(hubWith(world, {}));
      watch.socket.send(frame);
      await expect.poll(() => watch.closed).toEqual([1003]);
    });
  });
});
