import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { ManagedProcess } from "./processes/managed-process.ts";
import { backoffMs, supervise, type Supervised } from "./supervise.ts";

const TIMES = { probeIntervalMs: 5, probeAgainMs: 5, unhealthyAfterMs: 40, steadyAfterMs: 60_000 };

function makeProcess() {
  const exit = Promise.withResolvers<number | null>();
  let gone = false;
  const die = () => {
    gone = true;
    exit.resolve(null);
  };
  const process: ManagedProcess = {
    pid: 1,
    exited: exit.promise,
    hasExited: () => gone,
    firstLine: Promise.resolve(null),
    notePort: () => null,
    end: async () => die(),
  };
  return { process, die };
}

function makeScene(overrides: Partial<Supervised> = {}) {
  const lines: string[] = [];
  const started: ReturnType<typeof makeProcess>[] = [];
  const controller = new AbortController();
  const supervised: Supervised = {
    name: "it",
    start: () => {
      const next = makeProcess();
      started.push(next);
      return next.process;
    },
    waitUntilReady: () => Promise.resolve(true),
    probe: () => Promise.resolve(true),
    say: (line) => void lines.push(line),
    signal: controller.signal,
    ...overrides,
  };
  return { lines, started, controller, supervised };
}

async function until(condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition() && waited < 4000; waited += 10) await sleep(10);
  expect(condition()).toBe(true);
}

describe("supervision [start.supervises]", () => {
  it("starts a process again that ended, and says so in one line", async () => {
    const { lines, started, controller, supervised } = makeScene();
    const first = makeProcess();
    const running = supervise(supervised, first.process, TIMES);
    first.die();
    await until(() => lines.length === 2);
    expect(lines).toEqual(["it ended; starting it again in 1 s.", "it answers again."]);
    expect(started).toHaveLength(1);
    controller.abort();
    await running;
  });

  it("ends and starts a process again that lives and does not answer", async () => {
    let isHealthy = false;
    const { lines, started, controller, supervised } = makeScene({ probe: () => Promise.resolve(isHealthy) });
    const first = makeProcess();
    const running = supervise(supervised, first.process, { ...TIMES, unhealthyAfterMs: 1000 });
    await until(() => lines.length === 1);
    isHealthy = true;
    expect(lines[0]).toBe("it does not answer for 1 s; starting it again in 1 s.");
    await until(() => started.length === 1);
    expect(first.process.hasExited()).toBe(true);
    controller.abort();
    await running;
  });

  it("bears a failed probe now and then", async () => {
    let count = 0;
    const { lines, controller, supervised } = makeScene({ probe: () => Promise.resolve(count++ % 3 === 0) });
    const running = supervise(supervised, makeProcess().process, { ...TIMES, unhealthyAfterMs: 200 });
    await until(() => count > 30);
    controller.abort();
    await running;
    expect(lines).toEqual([]);
  });

  it("counts from the first probe that failed, however long before that the last good one was", async () => {
    const answers = [true, false, true];
    const { lines, controller, supervised } = makeScene({ probe: () => Promise.resolve(answers.shift() ?? true) });
    const times = { ...TIMES, probeIntervalMs: 300, unhealthyAfterMs: 250 };
    const running = supervise(supervised, makeProcess().process, times);
    await until(() => answers.length === 0);
    controller.abort();
    await running;
    expect(lines).toEqual([]);
  });

  it("tries again later when a start fails or does not come up", async () => {
    let attempts = 0;
    const { lines, controller, supervised } = makeScene({
      start: () => {
        attempts++;
        throw new Error("cannot start");
      },
    });
    const first = makeProcess();
    const running = supervise(supervised, first.process, TIMES);
    first.die();
    await until(() => lines.length === 2);
    expect(attempts).toBe(1);
    expect(lines).toEqual(["it ended; starting it again in 1 s.", "it did not come up; starting it again in 2 s."]);
    controller.abort();
    await running;
  });

  it("ends at once when it is told to, and starts nothing more", async () => {
    const { lines, started, controller, supervised } = makeScene();
    const running = supervise(supervised, makeProcess().process, TIMES);
    controller.abort();
    await running;
    expect({ lines, started }).toEqual({ lines: [], started: [] });
  });

  it("waits longer after each failure, up to half a minute", () => {
    expect([0, 1, 2, 3, 4, 5, 6, 50].map(backoffMs)).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  });
});
