import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { createSlotDesk } from "../../src/durable-objects/teams/slot-desk.ts";
import { createSlotStore } from "../../src/durable-objects/teams/slot-store.ts";
import { newId } from "./session-fixture.ts";

async function withDesk(
  body: (world: {
    desk: ReturnType<typeof createSlotDesk>;
    told: string[];
    worked: [string, number][];
    time: { now: number };
    ask: Ask;
  }) => void,
) {
  await runInDurableObject(env.TEAM.getByName(newId()), (_object, state) => {
    const told: string[] = [];
    const worked: [string, number][] = [];
    const time = { now: 1_000_000 };
    const desk = createSlotDesk({
      slots: createSlotStore(state.storage.sql),
      limits: { per_team: 2, per_user: 1 },
      mayWork: (spender, working) =>
        spender.project_id !== "single" || working.every(({ project_id }) => project_id !== "single"),
      worked: ({ user_id }, ms) => void worked.push([user_id, ms]),
      nowMs: () => time.now,
      session: () => ({ slotGranted: async (turnId: string) => void told.push(turnId) }),
      background: (work) => void work,
      lookAgainAt: () => {},
    });
    const ask: Ask = (turn_id, wish) => {
      const whose = {
        team_id: "t",
        user_id: turn_id.charAt(0),
        project_id: "p",
        agent_id: null,
        configuration_version: 0,
      };
      return desk.request({ ...whose, session_id: `s-${turn_id}`, turn_id, ttl_seconds: 120, ...wish });
    };
    body({ desk, told, worked, time, ask });
  });
}
type Ask = (
  turnId: string,
  wish?: { priority?: number; project_id?: string; works?: boolean },
) => ReturnType<ReturnType<typeof createSlotDesk>["request"]>;

describe("the team's slots", () => {
  it("are given within both limits; who waits is told the place and what holds it back [team.slots]", async () => {
    await withDesk(({ desk, told, ask }) => {
      expect([ask("a1").granted, ask("b1").granted]).toEqual([true, true]);
      expect(ask("a1").granted).toBe(true);
      expect(ask("a2")).toEqual({ granted: false, position: 1, limit: "user", running: 2 });
      expect(ask("c1")).toEqual({ granted: false, position: 1, limit: "team", running: 2 });
      expect(ask("a2")).toMatchObject({ position: 2 });
      desk.release("b1");
      expect(told).toEqual(["c1"]);
      expect(ask("c1").granted).toBe(true);
      desk.release("a1");
      expect(told).toEqual(["c1", "a2"]);
    });
  });

  it("are counted as work from the grant to the end, and not while they are waited for [budgets.minutes]", async () => {
    await withDesk(({ desk, worked, time, ask }) => {
      ask("a1");
      ask("b1");
      ask("c1");
      time.now += 60_000;
      ask("c1");
      desk.release("a1");
      time.now += 30_000;
      desk.release("c1");
      desk.release("c1");
      expect(worked).toEqual([
        ["a", 60_000],
        ["c", 30_000],
      ]);
      time.now += 30_000;
      desk.review();
      expect(worked.at(-1)).toEqual(["b", 120_000]);
    });
  });

  it("are not given to what a budget holds back, which holds nobody else back [budgets.concurrent]", async () => {
    await withDesk(({ desk, told, ask }) => {
      const single = { project_id: "single" };
      expect(ask("a1", single).granted).toBe(true);
      expect(ask("b1", single)).toMatchObject({ granted: false, limit: "budget" });
      expect(ask("c1").granted).toBe(true);
      desk.release("c1");
      expect(told).toEqual([]);
      expect(ask("d1", single)).toMatchObject({ granted: false, limit: "budget" });
      desk.release("a1");
      expect(told).toEqual(["b1"]);
    });
  });

  it("go to the most urgent of those of one person that wait [team.priority]", async () => {
    await withDesk(({ desk, told, ask }) => {
      ask("a1");
      ask("b1");
      ask("a2");
      ask("a3", { priority: 1 });
      ask("c1");
      expect(ask("a3", { priority: 1 })).toMatchObject({ position: 2 });
      desk.release("b1");
      desk.release("a1");
      expect(told).toEqual(["c1", "a3"]);
    });
  });

  it("come free when nobody renews them, and go on to who waits [team.slots]", async () => {
    await withDesk(({ desk, told, time, ask }) => {
      ask("a1");
      ask("b1");
      time.now += 100_000;
      ask("b1");
      ask("c1");
      time.now += 30_000;
      desk.review();
      expect(told).toEqual(["c1"]);
    });
  });

  it("are given back at once to a turn that works and lost its own, whoever came in between [team.slots]", async () => {
    await withDesk(({ desk, told, worked, time, ask }) => {
      ask("a1");
      ask("b1");
      ask("c1");
      time.now += 130_000;
      ask("c1");
      ask("d1");
      expect(ask("b1", { works: true }).granted, "it is counted, as the third of two").toBe(true);
      ask("e1");
      desk.release("c1");
      expect(told, "none comes free before there are too few").toEqual([]);
      time.now += 60_000;
      desk.release("b1");
      expect(told).toEqual(["e1"]);
      expect(worked.at(-1)).toEqual(["b", 60_000]);
    });
  });

  it("are not kept for somebody who stopped waiting [team.slots]", async () => {
    await withDesk(({ desk, told, ask }) => {
      ask("a1");
      ask("b1");
      ask("c1");
      ask("d1");
      desk.release("c1");
      desk.release("a1");
      expect(told).toEqual(["d1"]);
    });
  });

  it("are counted by the object itself, which looks again when one expires [team.slots]", async () => {
    const team = env.TEAM.getByName(newId());
    const whose = { team_id: "t", user_id: "u", project_id: "p", agent_id: null, configuration_version: 0 };
    const request = { ...whose, session_id: newId(), turn_id: newId(), ttl_seconds: 0 };
    expect(await team.requestSlot({ ...request, ttl_seconds: 60 })).toMatchObject({ granted: true });
    expect(await team.countSlots()).toEqual({ running: 1, waiting: 0 });
    await team.requestSlot(request);
    await runDurableObjectAlarm(team);
    expect(await team.countSlots()).toEqual({ running: 0, waiting: 0 });
  });
});
