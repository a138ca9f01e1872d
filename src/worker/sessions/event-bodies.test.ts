import { describe, expect, it } from "vitest";
import type { SessionEvent } from "../../shared/events/event.ts";
import { type BodyBucket, createEventBodies } from "./event-bodies.ts";

const whole = JSON.stringify({ text: "añ€😀".repeat(1000) });
const bytes = new TextEncoder().encode(whole);

const bucket: BodyBucket = {
  async get(key, options) {
    if (key !== "there") return null;
    const { offset, length } = options?.range ?? { offset: 0, length: bytes.length };
    const part = bytes.slice(offset, offset + length);
    return { size: bytes.length, body: new Blob([part]).stream(), arrayBuffer: async () => part.buffer };
  },
};

const event: SessionEvent = {
  seq: 1,
  type: "message_received",
  turn_id: null,
  at: "2026-01-01T00:00:00.000Z",
  occurred_at: null,
  data: { shortened: true },
  body: { sha256: "a".repeat(64), bytes: bytes.length },
};

describe("the whole body of an event", () => {
  it.each([7, 64, 1001])("comes in parts of %i bytes that never cut a character", async (maxBytes) => {
    const bodies = createEventBodies(bucket);
    let text = "";
    for (let offset: number | null = 0; offset !== null;) {
      const part = await bodies.readPart({ event, body_key: "there" }, { offset, maxBytes });
      expect(part.text).not.toContain("\ufffd");
      text += part.text;
      offset = part.next_offset;
    }
    expect(text).toBe(whole);
  });

  it("is the event itself when it was never shortened", async () => {
    const { body: _body, ...small } = event;
    const part = await createEventBodies(bucket).readPart(
      { event: small, body_key: null },
      { offset: 0, maxBytes: 9999 },
    );
    expect(JSON.parse(part.text)).toEqual(small);
    expect(part.next_offset).toBeNull();
  });

  it("streams as it is stored, with its size", async () => {
    const { body, bytes: size } = await createEventBodies(bucket).stream({ event, body_key: "there" });
    expect(size).toBe(bytes.length);
    expect(await new Response(body).text()).toBe(whole);
  });

  it("says so when it is gone or the offset is past its end", async () => {
    const bodies = createEventBodies(bucket);
    await expect(bodies.stream({ event, body_key: "gone" })).rejects.toThrow("not stored any more");
    const far = bodies.readPart({ event, body_key: "there" }, { offset: 10_000_000, maxBytes: 10 });
    await expect(far).rejects.toThrow("past the end");
  });
});
