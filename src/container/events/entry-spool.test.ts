import { randomUUID } from "node:crypto";
import { mkdtempSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { MAX_BATCH_BYTES } from "../../shared/limits.ts";
import { createEntrySpool, SpoolWriteError } from "./entry-spool.ts";

const openSpool = () => {
  const path = join(mkdtempSync(join(tmpdir(), "berth-spool-")), "spool.jsonl");
  return { path, spool: createEntrySpool(path) };
};
const message = (text: string) => ({ kind: "message" as const, turn_id: randomUUID(), message: { text } });

describe("the spool", () => {
  it("numbers from 1 and gives back what was written, after partial acknowledgements too [runner.spool]", () => {
    const { spool } = openSpool();
    for (let index = 1; index <= 5; index++) spool.record(message(`ä${index}`));
    spool.acknowledge(2);
    const found = spool.readFrom(1).map(({ entry }) => entry);
    expect(found).toMatchObject([
      { source_seq: 3, message: { text: "ä3" } },
      { source_seq: 4, message: { text: "ä4" } },
      { source_seq: 5, message: { text: "ä5" } },
    ]);
    spool.acknowledge(1);
    expect(spool.acknowledgedSeq()).toBe(2);
    spool.acknowledge(99);
    expect(spool.acknowledgedSeq()).toBe(5);
    spool.record(message("6"));
    expect(spool.readFrom(6)[0]?.entry.source_seq).toBe(6);
  });

  it("fills batches up to their limit, and gives a larger entry alone", () => {
    const { spool } = openSpool();
    for (let index = 0; index < 20; index++) spool.record(message("x".repeat(100_000)));
    spool.record(message("y".repeat(3_000_000)));
    const batch = spool.readFrom(1);
    expect(batch.length).toBeGreaterThan(5);
    expect(batch.reduce((total, { bytes }) => total + bytes, 0)).toBeLessThanOrEqual(MAX_BATCH_BYTES);
    spool.acknowledge(20);
    expect(spool.readFrom(21)).toHaveLength(1);
  });

  it("empties its file once everything is acknowledged", () => {
    const { spool, path } = openSpool();
    for (let index = 0; index < 4; index++) spool.record(message("x".repeat(100_000)));
    spool.acknowledge(3);
    expect(statSync(path).size).toBeGreaterThan(400_000);
    spool.acknowledge(4);
    expect(statSync(path).size).toBe(0);
    spool.record(message("next"));
    expect(spool.readFrom(5)[0]?.entry).toMatchObject({ source_seq: 5, message: { text: "next" } });
  });

  it("tells who waits that there is something, and that everything is acknowledged", async () => {
    const { spool } = openSpool();
    const arrived = spool.whenAfter(0);
    spool.record(message("x"));
    await arrived;
    let isEmpty = false;
    const empty = spool.whenEmpty().then(() => (isEmpty = true));
    await Promise.resolve();
    expect(isEmpty).toBe(false);
    spool.acknowledge(1);
    expect(await empty).toBe(true);
  });

  it("goes on with the numbers of an earlier spool of the same session [runner.spool]", () => {
    const path = join(mkdtempSync(join(tmpdir(), "berth-spool-")), "spool.jsonl");
    const spool = createEntrySpool(path, 7);
    expect([spool.lastSeq(), spool.acknowledgedSeq()]).toEqual([7, 7]);
    spool.record(message("next"));
    expect(spool.readFrom(1).map(({ entry }) => entry.source_seq)).toEqual([8]);
  });

  it("on a full disk refuses a message, and still tells how the turn ended [runner.spool]", () => {
    const spool = createEntrySpool("/dev/full");
    const turn_id = randomUUID();
    expect(() => spool.record(message("lost"))).toThrow(SpoolWriteError);
    const end = { result: null, exit_code: null, signal: null, stderr_tail: null };
    spool.record({ kind: "turn_ended", turn_id, reason: "not_recorded", ...end });
    expect(spool.readFrom(1).map(({ entry }) => entry)).toMatchObject([{ source_seq: 1, kind: "turn_ended", turn_id }]);
  });

  it("keeps nobody waiting once it is closed", async () => {
    const { spool } = openSpool();
    spool.record(message("never acknowledged"));
    const waiting = Promise.all([spool.whenAfter(9), spool.whenEmpty()]);
    spool.close();
    expect(await waiting).toHaveLength(2);
    spool.close();
  });
});
