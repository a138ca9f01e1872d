import { describe, expect, it } from "vitest";
import type { SessionEvent } from "../../shared/events/event.ts";
import { pageEvents, shrinkResult } from "./result-size-policy.ts";

const SESSION_ID = "01890000-0000-7000-8000-000000000001";

function event(seq: number, text: string): SessionEvent {
  return {
    seq,
    type: "message_received",
    turn_id: null,
    at: "2026-01-01T00:00:00.000Z",
    occurred_at: null,
    data: { text },
  };
}

function page(events: SessionEvent[], has_more = false) {
  return pageEvents(SESSION_ID, { events, next_cursor: events.at(-1)?.seq ?? 0, has_more });
}

describe("the size of what a tool answers", () => {
  it("leaves a few small events as they are", () => {
    expect(page([event(1, "a"), event(2, "b")])).toEqual({
      events: [event(1, "a"), event(2, "b")],
      next_cursor: 2,
      has_more: false,
    });
  });

  it("pages many events: the next page begins where this one ends, and nothing is left out", () => {
    const all = Array.from({ length: 300 }, (_, index) => event(index + 1, "x".repeat(2000)));
    const seen: number[] = [];
    for (let cursor = 0; ;) {
      const shown = page(all.slice(cursor));
      seen.push(...shown.events.map(({ seq }) => seq));
      cursor = shown.next_cursor;
      if (!shown.has_more) break;
    }
    expect(seen).toEqual(all.map(({ seq }) => seq));
  });

  it("stays far under 130,000 characters with structure and text together", () => {
    const all = Array.from({ length: 200 }, (_, index) => event(index + 1, 'ä"\n'.repeat(50_000)));
    const json = JSON.stringify(page(all));
    expect(JSON.stringify({ text: json }).length + json.length).toBeLessThan(130_000);
  });

  it("shortens a long event with a note and names the resource that has the whole", () => {
    const [shown] = page([event(7, "x".repeat(200_000))]).events;
    expect(JSON.stringify(shown).length).toBeLessThan(8000);
    expect(String(shown?.data["text"])).toContain("more characters]");
    expect(shown?.whole).toBe(`claude://sessions/${SESSION_ID}/events/7`);
  });

  it("names the whole of an event whose body lies in R2", () => {
    const stored = { ...event(8, "short"), body: { sha256: "a".repeat(64), bytes: 10_000_000 } };
    expect(page([stored]).events[0]).toMatchObject({ seq: 8, whole: `claude://sessions/${SESSION_ID}/events/8` });
  });

  it("shortens a long result", () => {
    const usage = { input_tokens: 1, output_tokens: 1, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 };
    const result = { text: "x".repeat(500_000), is_error: false, num_turns: 1, duration_ms: 1, cost_usd: 0, usage };
    expect(shrinkResult(result).text.length).toBeLessThan(9000);
    expect(shrinkResult({ ...result, text: "short" })).toEqual({ ...result, text: "short" });
  });
});
