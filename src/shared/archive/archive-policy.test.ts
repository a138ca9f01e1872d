import { describe, expect, it } from "vitest";
import { decideArchive, placeEvent } from "./archive-policy.ts";

const ended = { status: "ended", updatedAtMs: 1_000, openTurns: 0, liveEvents: 5, nowMs: 10_000 } as const;

describe("an ended session", () => {
  it("is archived once its time is over, and not before [archive.retention]", () => {
    expect(decideArchive(ended, 9_000)).toEqual({ step: "archive" });
    expect(decideArchive(ended, 9_001)).toEqual({ step: "later", atMs: 10_001 });
  });

  it("stays while its last turn holds something, and when nothing is left to move [archive.retention]", () => {
    expect(decideArchive({ ...ended, openTurns: 1 }, 0)).toEqual({ step: "later", atMs: 70_000 });
    expect(decideArchive({ ...ended, liveEvents: 0 }, 0)).toEqual({ step: "nothing" });
  });

  it("is the only one that is archived [archive.retention]", () => {
    for (const status of [
      "queued",
      "starting",
      "running",
      "waiting_for_permission",
      "idle",
      "budget_exceeded",
    ] as const)
      expect(decideArchive({ ...ended, status }, 0)).toEqual({ step: "nothing" });
    expect(decideArchive({ ...ended, status: "failed" }, 0)).toEqual({ step: "archive" });
  });
});

describe("an event on its way to the archive", () => {
  const limits = { maxChunkBytes: 10, maxObjectBytes: 20 };
  it("goes into the chunk while there is room, then into a new one, then into the next object", () => {
    expect(placeEvent({ event: 4, chunk: 6, object: 6 }, limits)).toBe("chunk");
    expect(placeEvent({ event: 5, chunk: 6, object: 6 }, limits)).toBe("new_chunk");
    expect(placeEvent({ event: 5, chunk: 6, object: 16 }, limits)).toBe("full");
  });

  it("fits alone, whatever its size", () => {
    expect(placeEvent({ event: 50, chunk: 0, object: 0 }, limits)).toBe("chunk");
  });
});
