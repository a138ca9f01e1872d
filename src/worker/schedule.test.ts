import { describe, expect, it } from "vitest";
import { createSchedule } from "./schedule.ts";

describe("what is done by the clock", () => {
  it("is done although something else fails, which is logged and fails the run [schedule.sweeps]", async () => {
    const done: string[] = [];
    const logged: unknown[] = [];
    const logUnexpected = (event: string, error: unknown, fields = {}) => {
      logged.push([event, (error as Error).message, fields]);
      return "id";
    };
    const run = createSchedule(
      {
        uploads: () => Promise.reject(new Error("R2 is away")),
        pages: () => {
          throw new Error("at once");
        },
        usage: async () => void done.push("usage"),
      },
      { logUnexpected },
    );
    await expect(run()).rejects.toThrow("uploads, pages");
    expect(done).toEqual(["usage"]);
    expect(logged).toEqual([
      ["sweep_failed", "R2 is away", { sweep: "uploads" }],
      ["sweep_failed", "at once", { sweep: "pages" }],
    ]);
  });

  it("is well when all of it is [schedule.sweeps]", async () => {
    const nothing = async () => {};
    const logUnexpected = () => "id";
    await expect(createSchedule({ one: nothing, two: nothing }, { logUnexpected })()).resolves.toBeUndefined();
  });
});
