import { afterEach, describe, expect, it } from "vitest";
import { beginOutage, endOutages, failingBucket, failingDatabase } from "./failing-bindings.ts";

const done: string[] = [];
const bucket = failingBucket({
  put: async (key: string) => void done.push(key),
} as unknown as R2Bucket);
const database = failingDatabase({
  prepare: (sql: string) => statement(sql),
  batch: async (statements: object[]) => statements.map((one) => (isReal.has(one) ? "real" : "wrapped")),
} as unknown as D1Database);
const isReal = new WeakSet();

function statement(sql: string): object {
  const made = {
    bind: (...values: unknown[]) => statement(`${sql} ${values.join()}`),
    run: async () => void done.push(sql),
  };
  isReal.add(made);
  return made;
}

async function tryTimes(times: number, operate: () => Promise<unknown>): Promise<{ failed: number; done: number }> {
  done.length = 0;
  let failed = 0;
  for (let time = 0; time < times; time++) await operate().catch(() => (failed += 1));
  return { failed, done: done.length };
}

afterEach(() => void endOutages());

describe("bindings under chaos", () => {
  it.each([
    ["R2", "r2", () => bucket.put("key", "value")],
    ["D1", "d1", () => database.prepare("INSERT").bind(1).run()],
  ] as const)("let %s work, fail, and fail after it has worked [chaos.faults]", async (_name, storage, operate) => {
    expect(await tryTimes(100, operate)).toEqual({ failed: 0, done: 100 });
    beginOutage(storage, 7);
    const during = await tryTimes(100, operate);
    expect(during.failed).toBeGreaterThan(80);
    // Some of what failed was done all the same.
    expect(during.done).toBeGreaterThan(100 - during.failed + 10);
    expect(endOutages()).toBe(during.failed);
    // The answer may have been lost on its way.
    expect(endOutages()).toBe(during.failed);
    expect(await tryTimes(100, operate)).toEqual({ failed: 0, done: 100 });
  });

  it("hand the statements of a batch on as they are [chaos.faults]", async () => {
    const statements = [database.prepare("A"), database.prepare("B").bind(1)];
    expect(await database.batch(statements)).toEqual(["real", "real"]);
  });

  it("fail in one storage and leave the other alone [chaos.faults]", async () => {
    beginOutage("d1", 7);
    expect(await tryTimes(50, () => bucket.put("key", "value"))).toEqual({ failed: 0, done: 50 });
  });
});
