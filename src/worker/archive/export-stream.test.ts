import { describe, expect, it } from "vitest";
import { streamExport } from "./export-stream.ts";

const session = {
  title: "t",
  session_id: "s",
  project: "p",
  created_at: "",
  status: "idle",
  status_reason: null,
} as any;
const line = (seq: number, data: unknown = {}, rest: object = {}) =>
  JSON.stringify({ seq, type: "message_received", turn_id: null, at: "a", occurred_at: null, data, ...rest });

function exportOf(
  pages: { seq: number; json: string; body_key: string | null }[][],
  bodies: Record<string, string> = {},
) {
  const asked: number[] = [];
  let cancelled = 0;
  const stream = streamExport({
    async readPage(after) {
      asked.push(after);
      const index = pages.findIndex((page) => (page[0]?.seq ?? 0) > after);
      return { events: pages[index] ?? [], has_more: index >= 0 && index < pages.length - 1 };
    },
    bucket: {
      async get(key) {
        const body = bodies[key];
        if (body === undefined) return null;
        const chunks = [body.slice(0, 5), body.slice(5)].map((part) => new TextEncoder().encode(part));
        return {
          body: new ReadableStream({
            pull: (controller) => {
              const next = chunks.shift();
              if (next === undefined) controller.close();
              else controller.enqueue(next);
            },
            cancel: () => void cancelled++,
          }),
        };
      },
    },
    format: "jsonl",
    session,
  });
  return { stream, asked, cancelled: () => cancelled };
}

describe("an export as JSON lines", () => {
  it("has every event once, as stored, and asks for a page only when the one before was taken [archive.export]", async () => {
    const [one, two, three] = [1, 2, 3].map((seq) => ({ seq, json: line(seq), body_key: null }));
    const { stream, asked } = exportOf([[one!, two!], [three!]]);
    const reader = stream.getReader();
    expect(asked).toEqual([]);
    const first = new TextDecoder().decode((await reader.read()).value);
    expect(first).toBe(`${line(1)}\n${line(2)}\n`);
    expect(asked).toEqual([0]);
    expect(new TextDecoder().decode((await reader.read()).value)).toBe(`${line(3)}\n`);
    expect((await reader.read()).done).toBe(true);
    expect(asked).toEqual([0, 2]);
  });

  it("has a shortened message whole, straight from where it lies [archive.export]", async () => {
    const body = { sha256: "a".repeat(64), bytes: 30 };
    const whole = { type: "user", text: "the whole message" };
    const short = { seq: 1, json: line(1, { message: { cut: true } }, { body }), body_key: "k" };
    const next = { seq: 2, json: line(2), body_key: null };
    const { stream } = exportOf([[short, next]], { k: JSON.stringify(whole) });
    const lines = (await new Response(stream).text()).trimEnd().split("\n");
    expect(lines.map((text) => JSON.parse(text))).toEqual([
      JSON.parse(line(1, { message: whole })),
      JSON.parse(line(2)),
    ]);
  });

  it("keeps the shortened one, which says so, when the whole is gone [archive.export]", async () => {
    const body = { sha256: "a".repeat(64), bytes: 30 };
    const json = line(1, { message: { cut: true } }, { body });
    const { stream } = exportOf([[{ seq: 1, json, body_key: "missing" }]]);
    expect(await new Response(stream).text()).toBe(`${json}\n`);
  });

  it("lets go of a body when nobody reads on [archive.export]", async () => {
    const json = line(1, {}, { body: { sha256: "a".repeat(64), bytes: 30 } });
    const { stream, cancelled } = exportOf([[{ seq: 1, json, body_key: "k" }]], { k: "0123456789" });
    const reader = stream.getReader();
    await reader.read();
    await reader.read();
    await reader.cancel();
    expect(cancelled()).toBe(1);
  });
});
