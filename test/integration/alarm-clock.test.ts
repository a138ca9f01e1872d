import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { ALARM_SCHEMA, createAlarmClock } from "../../src/durable-objects/alarms/alarm-clock.ts";
import { newId } from "./session-fixture.ts";

async function withClock(
  body: (world: {
    clock: ReturnType<typeof createAlarmClock<"a" | "b">>;
    time: { now: number };
    alarm: () => Promise<number | null>;
  }) => Promise<void>,
) {
  await runInDurableObject(env.SESSION.getByName(newId()), async (_object, state) => {
    state.storage.sql.exec(ALARM_SCHEMA);
    const time = { now: Date.now() + 3_600_000 };
    const clock = createAlarmClock<"a" | "b">(state.storage, () => time.now);
    await body({ clock, time, alarm: () => state.storage.getAlarm() });
    await state.storage.deleteAlarm();
  });
}

describe("the alarm clock", () => {
  it("sets the object's one alarm to whatever is due first [objects.alarm]", async () => {
    await withClock(async ({ clock, time, alarm }) => {
      clock.schedule("a", time.now + 500_000);
      clock.schedule("b", time.now + 200_000);
      clock.schedule("b", time.now + 900_000);
      expect(await alarm()).toBe(time.now + 200_000);
      clock.cancel("b");
      expect(await alarm()).toBe(time.now + 500_000);
    });
  });

  it("has set the next alarm before a step begins, so that an object that dies in it is called again [objects.alarm]", async () => {
    await withClock(async ({ clock, time, alarm }) => {
      clock.schedule("a", time.now);
      let duringStep: number | null = null;
      const a = async () => void (duringStep = await alarm());
      await clock.run({ a, b: () => {} }, () => {});
      expect(duringStep).toBeGreaterThan(time.now);
      expect(await alarm()).toBeNull();
    });
  });

  it("never throws: a step that fails is done again later, and the others are done all the same [objects.alarm]", async () => {
    await withClock(async ({ clock, time, alarm }) => {
      clock.schedule("a", time.now - 2);
      clock.schedule("b", time.now - 1);
      const done: string[] = [];
      const failed: string[] = [];
      const a = () => {
        throw new Error("broken");
      };
      await clock.run({ a, b: () => void done.push("b") }, (task) => failed.push(task));
      expect({ done, failed }).toEqual({ done: ["b"], failed: ["a"] });
      expect(await alarm()).toBeGreaterThan(time.now);
      expect(clock.dueAt("b")).toBeNull();
    });
  });

  it("keeps what a step scheduled for itself [objects.alarm]", async () => {
    await withClock(async ({ clock, time }) => {
      clock.schedule("a", time.now);
      await clock.run({ a: () => clock.reschedule("a", time.now + 77_000), b: () => {} }, () => {});
      expect(clock.dueAt("a")).toBe(time.now + 77_000);
    });
  });
});
