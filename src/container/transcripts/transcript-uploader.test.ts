import { appendFileSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import type { BodyPart } from "../../shared/rpc/session-host-api.ts";
import { createTranscriptUploader, type UploaderParts } from "./transcript-uploader.ts";

const pauses = vi.hoisted((): number[] => []);
/** Pauses pass in no time, except those this long: they end when they are cut short. */
const clock = vi.hoisted(() => ({ stopsAtMs: Infinity }));
vi.mock("node:timers/promises", () => ({
  async setTimeout(ms: number, _value: unknown, { signal }: { signal: AbortSignal }) {
    pauses.push(ms);
    if (ms >= clock.stopsAtMs) await new Promise((resolve) => signal.addEventListener("abort", resolve));
  },
}));

/** An object that refuses so many times, and then takes what it is given. */
function open(refusals: number) {
  const folder = mkdtempSync(join(tmpdir(), "berth-uploader-"));
  const grow = () => appendFileSync(join(folder, "t.jsonl"), "one\n");
  const world = { refusals, commits: [] as string[] };
  const host = {
    async putBodyPart(_part: BodyPart) {
      if (world.refusals-- > 0) throw new Error("refused");
      return { stored: true };
    },
    async commitTranscript({ turn_id }: { turn_id: string }) {
      world.commits.push(turn_id);
      return { transcript_version: 1 };
    },
  };
  const spool = { whenAcknowledged: async () => {}, lastSeq: () => 1 };
  const link = { whenConnected: async () => ({ host }) };
  const parts = { folder, runtimeId: "r", spool, link } as unknown as UploaderParts;
  return { world, grow, uploader: createTranscriptUploader(parts, new AbortController().signal) };
}

describe("a transcript that is refused", () => {
  it("is tried again ever more rarely, and at once for the next turn [transcripts.upload]", async () => {
    const { world, grow, uploader } = open(9);
    grow();
    uploader.turnEnded("a");
    await uploader.whenStored();
    expect(pauses.splice(0)).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60].map((seconds) => seconds * 1000));
    world.refusals = 1;
    grow();
    uploader.turnEnded("b");
    await uploader.whenStored();
    expect(pauses.splice(0)).toEqual([1000]);
    expect(world.commits).toEqual(["a", "b"]);
  });

  it("does not make the next turn's wait for the end of a pause [transcripts.upload]", async () => {
    const { world, grow, uploader } = open(7);
    clock.stopsAtMs = 60_000;
    grow();
    uploader.turnEnded("a");
    await expect.poll(() => pauses.at(-1)).toBe(60_000);
    expect(world.commits).toEqual([]);
    uploader.turnEnded("b");
    await expect.poll(() => world.commits).toEqual(["b"]);
    clock.stopsAtMs = Infinity;
  });
});
