import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { connect, expectWholeLog, prompt, readLog, start, waitForEnd, waitUntil } from "../journeys/person.ts";
import { signIn } from "../support/mcp-clients.ts";
import { readSse, type SseMessage } from "../support/read-sse.ts";
import { hold, say } from "../support/scripted-model/scenario.ts";
import { startStack, type Stack } from "../support/stack.ts";

const isEvent = (message: SseMessage) => message.id !== null;
const previewTexts = (messages: SseMessage[]) =>
  messages
    .filter(({ type }) => type === "preview")
    .map(({ data }) => data.message?.event?.delta?.text ?? "")
    .join("");

describe("watching a session of the real Claude Code", () => {
  let stack: Stack;
  let client: Awaited<ReturnType<typeof connect>>;
  let token = "";
  beforeAll(async () => {
    stack = await startStack({ sandbox: "process" });
    client = await connect(stack);
    token = (await signIn(stack.url, stack.signInCode)).access_token;
  });
  afterAll(async () => {
    await client?.close();
    await stack?.stop();
  });

  const bearer = () => ({ authorization: `Bearer ${token}` });

  async function watch(sessionId: string, headers: Record<string, string> = {}, signal: AbortSignal | null = null) {
    const url = `${stack.url}/mcp/sessions/${sessionId}/events`;
    const response = await fetch(url, { headers: { ...bearer(), ...headers }, signal });
    expect(response.status).toBe(200);
    return readSse(response.body!);
  }

  it("shows two watchers every event once, with previews while the model speaks [watching.stream] [watching.previews] [runner.previews]", async () => {
    const gate = "speaking";
    const words = "The quick brown fox jumps over the lazy dog. ".repeat(8);
    const pace = { type: "pace", delay_ms: 5, delta_chars: 20 } as const;
    const started = await start(client, {
      prompt: prompt("Tell me.", { steps: [[hold(gate), pace, say(words)]] }),
    });
    const watchers = [await watch(started.session_id), await watch(started.session_id)];
    const seeing = watchers.map((one) => one.until(({ type }) => type === "turn_completed"));
    await stack.model.reached(gate);
    // The runner hears that somebody watches.
    await sleep(200);
    stack.model.release(gate);
    const seen = await Promise.all(seeing);
    await waitForEnd(client, started);
    const log = await readLog(client, started.session_id);
    expectWholeLog(log);
    for (const messages of seen) {
      const events = messages.filter(isEvent).map(({ data }) => data);
      expect(events).toEqual(log.slice(0, events.length));
      expect(events.at(-1)?.type).toBe("turn_completed");
      expect(previewTexts(messages)).toBe(words);
      const lastPreview = messages.findLastIndex(({ type }) => type === "preview");
      const result = messages.findIndex(({ data }) => data.data?.message?.type === "result");
      expect(lastPreview).toBeLessThan(result);
    }
    await Promise.all(watchers.map((one) => one.cancel()));
  });

  it("goes on after Last-Event-ID when the stream was cut in mid-turn [watching.seam] [watching.stream]", async () => {
    const gate = "in the middle";
    const started = await start(client, { prompt: prompt("Go on.", { steps: [[hold(gate), say("and on")]] }) });
    const cut = new AbortController();
    const first = await watch(started.session_id, {}, cut.signal);
    const before = await first.until(({ type }) => type === "turn_started");
    cut.abort();
    const lastId = before.findLast(isEvent)?.id ?? 0;
    const second = await watch(started.session_id, { "last-event-id": String(lastId) });
    await stack.model.reached(gate);
    stack.model.release(gate);
    const after = await second.until(({ type }) => type === "turn_completed");
    const ids = [...before, ...after].filter(isEvent).map(({ id }) => id);
    expect(ids).toEqual(ids.map((_, index) => index + 1));
    await second.cancel();
  });

  it("is told over a WebSocket as well, and is not slowed down by one who takes nothing [watching.socket] [watching.slow]", async () => {
    const started = await start(client, {
      prompt: prompt("A lot.", { steps: [[say("lots and lots of words ", 100_000)]] }),
    });
    // Never reads: what the machine's buffers do not hold stays where it is.
    await fetch(`${stack.url}/mcp/sessions/${started.session_id}/events`, { headers: bearer() });
    const socket = new WebSocket(`${stack.url.replace("http", "ws")}/mcp/sessions/${started.session_id}/socket`, {
      headers: bearer(),
    });
    const frames: any[] = [];
    socket.on("message", (data: Buffer) => {
      const frame = JSON.parse(data.toString());
      frames.push(frame);
      if (frame.kind === "event") socket.send(JSON.stringify({ kind: "cursor", seq: frame.event.seq }));
    });
    const ended = await waitForEnd(client, started);
    expect(ended.turn?.status).toBe("completed");
    const log = await readLog(client, started.session_id);
    await expect
      .poll(() => frames.filter(({ kind }) => kind === "event").map(({ event }) => event.seq))
      .toEqual(log.map(({ seq }) => seq));
    const { promise: closed, resolve } = Promise.withResolvers<number>();
    socket.on("close", resolve);
    await client.callToolOrThrow("end_session", { session_id: started.session_id });
    expect(await closed).toBe(1000);
    expect(frames.at(-1)).toMatchObject({ kind: "end", status: "ended" });
  });

  it("opens in a browser by a link that works once [watching.ticket]", async () => {
    const started = await start(client, { prompt: "hello" });
    await waitForEnd(client, started);
    const { url } = await client.callToolOrThrow("create_watch_link", { session_id: started.session_id });
    const page = await fetch(String(url), { headers: { accept: "text/html" } });
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
    await page.arrayBuffer();
    const stream = await fetch(String(url), { headers: { accept: "text/event-stream" } });
    const seen = await readSse(stream.body!).until(({ type }) => type === "turn_completed");
    expect(seen[0]?.id).toBe(1);
    const again = await fetch(String(url), { headers: { accept: "text/event-stream" } });
    expect(again.status).toBe(403);
    expect(await again.json()).toMatchObject({ error: { code: "watch_ticket_refused" } });
  });

  it("is not disturbed by watchers who just go away [watching.slow]", async () => {
    const gates = ["one", "two"];
    const started = await start(client, {
      prompt: prompt("Quietly.", { steps: [[hold(gates[0]!), say("seen"), hold(gates[1]!), say("unseen")]] }),
    });
    await stack.model.reached(gates[0]!);
    const gone = new AbortController();
    const watcher = await watch(started.session_id, {}, gone.signal);
    await watcher.until(({ type }) => type === "turn_started");
    await sleep(200);
    stack.model.release(gates[0]!);
    expect(previewTexts(await watcher.until((message) => previewTexts([message]).includes("seen")))).toContain("seen");
    gone.abort();
    await stack.model.reached(gates[1]!);
    stack.model.release(gates[1]!);
    await waitUntil(client, started.session_id, 60_000, ({ turn }) => turn?.ended_at !== null);
    expectWholeLog(await readLog(client, started.session_id));
  });
});
