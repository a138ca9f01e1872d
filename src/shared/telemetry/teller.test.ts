import { describe, expect, it } from "vitest";
import { MAX_BATCH, type Point, type TelemetryBatch } from "./batch.ts";
import { createTelemetryTeller } from "./teller.ts";

const point = (value = 1): Point => ({ name: "claude_code.sessions.total", value, attributes: {} });

function setUp(send: (batch: TelemetryBatch) => Promise<void>) {
  const work: Promise<unknown>[] = [];
  const slept: number[] = [];
  const dropped: number[] = [];
  let ids = 0;
  const teller = createTelemetryTeller({
    newId: () => `batch-${(ids += 1)}`,
    send,
    background: (one) => void work.push(one),
    sleep: async (ms) => void slept.push(ms),
    onDropped: (count) => void dropped.push(count),
  });
  const settle = async () => {
    for (let done = 0; done < work.length; done = work.length) await Promise.all(work);
  };
  return { teller, settle, slept, dropped };
}

describe("what a machine measured", () => {
  it("goes in one batch as far as it came in one breath, and in order [telemetry.metrics]", async () => {
    const batches: TelemetryBatch[] = [];
    const { teller, settle } = setUp(async (batch) => void batches.push(batch));
    teller.point(point(1));
    teller.point(point(2));
    await settle();
    teller.point(point(3));
    await settle();
    expect(batches.map(({ points }) => points.map(({ value }) => value))).toEqual([[1, 2], [3]]);
  });

  it("is told again under its id when the team does not answer, and nobody waits for it [telemetry.outage]", async () => {
    const ids: string[] = [];
    const { teller, settle, slept, dropped } = setUp(async ({ batch_id }) => {
      ids.push(batch_id);
      if (ids.length < 3) throw new Error("away");
    });
    teller.point(point());
    expect(ids).toEqual([]);
    await settle();
    expect([ids, slept, dropped]).toEqual([["batch-1", "batch-1", "batch-1"], [100, 1000], []]);
  });

  it("is given up after a few tries, said, and counted with the next batch [telemetry.outage]", async () => {
    let isDown = true;
    const batches: TelemetryBatch[] = [];
    const { teller, settle, dropped } = setUp(async (batch) => {
      if (isDown) throw new Error("away");
      batches.push(batch);
    });
    teller.point(point());
    teller.point(point());
    await settle();
    expect(dropped).toEqual([2]);
    isDown = false;
    teller.point(point(7));
    await settle();
    expect(batches).toMatchObject([{ dropped: 2, points: [{ value: 7 }] }]);
  });

  it("is held no further than it fits [telemetry.outage]", async () => {
    const sizes: number[] = [];
    const { teller, settle, dropped } = setUp(async ({ points }) => void sizes.push(points.length));
    for (let index = 0; index < 2 * MAX_BATCH + 5; index += 1) teller.point(point());
    await settle();
    expect(sizes).toEqual([MAX_BATCH, MAX_BATCH]);
    expect(dropped.reduce((sum, count) => sum + count, 0)).toBe(5);
  });
});
