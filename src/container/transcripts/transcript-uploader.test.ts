import { appendFileSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import type { BodyPart } from "../../shared/rpc/session-host-api.ts";
import { createTranscriptUploader, type UploaderParts } from "./transcript-uploader.ts";

const pauses = vi.hoisted((): number[] => []);
vi.mock("node:timers/promises", () => ({ setTimeout: async (ms: number) => void pauses.push(ms) }));

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
});
