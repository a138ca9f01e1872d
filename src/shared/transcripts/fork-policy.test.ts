import { describe, expect, it } from "vitest";
import { decideFork } from "./fork-policy.ts";

const stored = { atEvent: null, cursor: 30, fitting: 20, newest: 20, newestEnded: 20 };

describe("decideFork", () => {
  it.each([
    ["the newest turn", {}, { ok: true }],
    ["an earlier event", { atEvent: 12, fitting: 10 }, { ok: true }],
    ["the newest event, with an idle session", { atEvent: 30 }, { ok: true }],
    ["a future event", { atEvent: 31 }, { ok: false, retry: false }],
    ["an event of a running turn", { atEvent: 25 }, { ok: false, retry: false }],
    [
      "a session without a completed turn",
      { fitting: null, newest: null, newestEnded: null },
      { ok: false, retry: false },
    ],
    ["an event before the first turn's end", { atEvent: 3, fitting: null }, { ok: false, retry: false }],
    ["a turn that is being stored", { newest: 10, fitting: 10 }, { ok: false, retry: true }],
    ["an event before the turn that is being stored", { atEvent: 12, newest: 10, fitting: 10 }, { ok: true }],
  ] as const)("at %s [transcripts.fork]", (_name, wish, decision) => {
    expect(decideFork({ ...stored, ...wish })).toMatchObject(decision);
  });
});
