// Budgets: the Team object with real storage and configuration in D1, and the Session object that asks it.
import { env } from "cloudflare:workers";
import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { createBudgetDesk } from "../../src/durable-objects/budgets/budget-desk.ts";
import { createKnownBudgets } from "../../src/durable-objects/budgets/known-budgets.ts";
import { createBudgetStore } from "../../src/durable-objects/budgets/budget-store.ts";
import { deliverOutbox } from "../../src/durable-objects/outbox/outbox-delivery.ts";
import type { Budget } from "../../src/shared/budgets/budget-kind.ts";
import type { MoneyRequest } from "../../src/shared/budgets/messages.ts";
import type { AnswerUsage } from "../../src/shared/accounting/answer-usage.ts";
import { apiUsageSchema } from "../../src/shared/accounting/token-usage.ts";
import type { TeamApi } from "../../src/shared/rpc/team-api.ts";
import { inSession, newId, RESULT, type TestWorld, turnEnd } from "./session-fixture.ts";

const NOW = Date.parse("2026-11-21T12:00:00Z");
const HOUR_MS = 3_600_000;

type DeskWorld = {
  desk: ReturnType<typeof createBudgetDesk>;
  /** As after an eviction. */
  restart(): void;
  budgets: Record<string, Budget | string>;
  time: { now: number };
  loads: { count: number; fail: boolean };
  working: { ms: number };
};

async function withDesk(body: (world: DeskWorld) => Promise<void>): Promise<void> {
  await runInDurableObject(env.TEAM.getByName(newId()), async (_object, { storage }) => {
    const world = {
      budgets: {},
      time: { now: NOW },
      loads: { count: 0, fail: false },
      working: { ms: 0 },
    } as DeskWorld;
    world.restart = () => void (world.desk = composeDesk(world, storage));
    world.restart();
    await body(world);
  });
}

function composeDesk(world: DeskWorld, storage: DurableObjectStorage): DeskWorld["desk"] {
  return createBudgetDesk({
    store: createBudgetStore(storage.sql),
    kept: createKnownBudgets(storage.sql),
    workingMs: () => world.working.ms,
    transaction: (change) => storage.transactionSync(change),
    nowMs: () => world.time.now,
    async load() {
      world.loads.count += 1;
      if (world.loads.fail) throw new Error("down");
      return Object.entries(world.budgets).map(([name, value]) => ({ name, value }));
    },
  });
}

const ann = { team_id: "t", user_id: "ann", project_id: "web", agent_id: null, configuration_version: 0 };
/** The most that it can cost is twice what is usual, if nothing else is said. */
const ask = (
  world: DeskWorld,
  wish: Partial<MoneyRequest> & { id?: string; usd?: number | null; atMost?: number } = {},
) => {
  const { id = newId(), usd = 0.1, atMost = (usd ?? 0) * 2, ...who } = wish;
  const estimate = usd === null ? null : { usual_usd: usd, at_most_usd: atMost };
  return world.desk.reserve({ ...ann, session_id: newId(), ...who, request_id: id, estimate });
};
const pay = (world: DeskWorld, request_id: string, usd: number) =>
  world.desk.settle([{ ...ann, request_id, usd, at_ms: world.time.now }]);

describe("a budget of money", () => {
  it("lets requests through until it is spent, and says who can do what then [budgets.money]", async () => {
    await withDesk(async (world) => {
      world.budgets = { team: { usd_per_day: 1 } };
      for (const usd of [0.4, 0.59]) {
        const id = newId();
        expect(await ask(world, { id })).toMatchObject({ ok: true });
        pay(world, id, usd);
      }
      expect(await ask(world, { id: "last" })).toMatchObject({
        ok: true,
        value: { nearly_reached: [{ spent_usd: 0.99 }] },
      });
      pay(world, "last", 0.05);
      const refused = await ask(world);
      expect(refused).toMatchObject({ ok: false, error: { code: "budget_exceeded" } });
      expect(refused.ok ? "" : refused.error.message).toBe(
        "The budget of the team is used up: $1.04 of $1.00 today. An owner of the team can raise it with set_budget; " +
          "it begins anew at midnight UTC. Then send the prompt again.",
      );
      world.budgets = { team: { usd_per_day: 2 } };
      expect(await ask(world)).toMatchObject({ ok: true });
      world.budgets = { team: { usd_per_day: 1 } };
      world.time.now += 24 * HOUR_MS;
      expect(await ask(world)).toMatchObject({ ok: true });
    });
  });

  it("counts what is under way, gives it back with what it did cost, and forgets what nobody settles [budgets.reservations]", async () => {
    await withDesk(async (world) => {
      world.budgets = { team: { usd_per_month: 1 } };
      const ids = ["a", "b", "c"];
      for (const id of ids) expect(await ask(world, { id, usd: 0.4 })).toMatchObject({ ok: true });
      // Claude Code asks again by itself: some of it comes free.
      expect(await ask(world, { usd: 0.4 })).toMatchObject({ error: { code: "too_many_model_requests" } });
      pay(world, "a", 0.01);
      pay(world, "a", 0.01);
      expect(await world.desk.states(ann)).toMatchObject([{ spent_usd: 0.01, reserved_usd: 0.8 }]);
      expect(await ask(world, { id: "d", usd: 0.4 })).toMatchObject({ ok: true });
      expect(await ask(world, { usd: 0.4 })).toMatchObject({ ok: false });
      world.time.now += 16 * 60_000;
      expect(await ask(world, { usd: 0.4 })).toMatchObject({ ok: true });
      // What was forgotten is counted all the same when it is said late.
      pay(world, "b", 0.5);
      expect((await world.desk.states(ann))[0]?.spent_usd).toBeCloseTo(0.51);
    });
  });

  it("of fifty sessions at once stops them within one request each [budgets.race]", async () => {
    await withDesk(async (world) => {
      world.budgets = { team: { usd_per_day: 1 } };
      const COST = 0.03;
      let refused = 0;
      const session = async (): Promise<number> => {
        let spent = 0;
        for (;;) {
          const id = newId();
          if (!(await ask(world, { id, usd: 0.005 })).ok) break;
          await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
          pay(world, id, COST);
          spent += COST;
        }
        refused += 1;
        return spent;
      };
      const spent = (await Promise.all(Array.from({ length: 50 }, session))).reduce((sum, one) => sum + one, 0);
      expect(refused).toBe(50);
      expect(spent).toBeGreaterThanOrEqual(1);
      expect(spent).toBeLessThanOrEqual(1 + 50 * COST);
      expect((await world.desk.states(ann))[0]?.spent_usd).toBeCloseTo(spent);
    });
  });

  it("of one session with many requests at once stops it within one request [budgets.race]", async () => {
    await withDesk(async (world) => {
      world.budgets = { team: { usd_per_day: 1 } };
      const COST = 0.11;
      const session_id = newId();
      const underWay = { now: 0, most: 0 };
      const subAgent = async (): Promise<number> => {
        for (let spent = 0; ;) {
          const id = newId();
          const asked = await ask(world, { id, session_id, usd: 0.005, atMost: COST });
          if (!asked.ok && asked.error.code === "budget_exceeded") return spent;
          underWay.now += asked.ok ? 1 : 0;
          underWay.most = Math.max(underWay.most, underWay.now);
          await new Promise((resolve) => setTimeout(resolve, 1 + Math.random() * 5));
          if (!asked.ok) continue;
          underWay.now -= 1;
          pay(world, id, COST);
          spent += COST;
        }
      };
      const spent = (await Promise.all(Array.from({ length: 8 }, subAgent))).reduce((sum, one) => sum + one, 0);
      expect(spent).toBeGreaterThanOrEqual(1);
      expect(spent).toBeLessThanOrEqual(1 + COST);
      expect(underWay.most, "it works at several things as long as there is enough").toBeGreaterThan(2);
    });
  });

  it("holds for each person, one person, a project and an agent, each by itself [budgets.subjects]", async () => {
    await withDesk(async (world) => {
      world.budgets = {
        each_user: { usd_per_day: 1 },
        "user:ben": { usd_per_day: 5 },
        "agent:reviewer": { usd_per_day: 0.5 },
      };
      await ask(world, { id: "ann" });
      pay(world, "ann", 1);
      expect(await ask(world)).toMatchObject({ ok: false, error: { message: expect.stringContaining("of yours") } });
      expect(await ask(world, { user_id: "cid" })).toMatchObject({ ok: true });
      // A budget of one's own lifts nothing that everybody has.
      world.desk.settle([{ ...ann, user_id: "ben", request_id: "ben", usd: 1, at_ms: world.time.now }]);
      expect(await ask(world, { user_id: "ben" })).toMatchObject({ error: { code: "budget_exceeded" } });
      // Agents' work counts for the agent as well.
      const reviewer = { ...ann, user_id: "cid", agent_id: "reviewer" };
      world.desk.settle([{ ...reviewer, request_id: "review", usd: 0.6, at_ms: world.time.now }]);
      expect(await ask(world, { user_id: "cid", agent_id: "reviewer" })).toMatchObject({
        error: { message: expect.stringContaining("of this agent") },
      });
      expect(await ask(world, { user_id: "cid" })).toMatchObject({ ok: true });
      world.budgets["project:web"] = { usd_per_month: 1 };
      world.time.now += 6_000;
      expect(await ask(world, { user_id: "dan" })).toMatchObject({
        error: { message: expect.stringContaining("of this project") },
      });
    });
  });

  it("lets nothing through that has no price, and nothing by a budget that cannot be read [budgets.unknown]", async () => {
    await withDesk(async (world) => {
      expect(await ask(world, { usd: null })).toMatchObject({ ok: true });
      world.budgets = { team: { usd_per_day: 1 } };
      world.time.now += 6_000;
      expect(await ask(world, { usd: null })).toMatchObject({ error: { code: "price_unknown" } });
      world.budgets = { team: "nonsense" };
      world.time.now += 6_000;
      expect(await ask(world)).toMatchObject({ error: { code: "budget_exceeded" } });
    });
  });

  it("is read now and then, before each refusal, and goes on as known while D1 is away [budgets.outage]", async () => {
    await withDesk(async (world) => {
      world.budgets = { team: { usd_per_day: 1 } };
      for (let index = 0; index < 20; index += 1) await ask(world, { id: `r${index}`, usd: 0.01 });
      expect(world.loads.count).toBe(1);
      // A session that has heard of a change is not answered by what was read before it.
      for (let index = 0; index < 5; index += 1) await ask(world, { usd: 0.01, configuration_version: 7 });
      expect(world.loads.count).toBe(2);
      world.loads.fail = true;
      world.time.now += 6_000;
      expect(await ask(world, { id: "paid", usd: 0.01 })).toMatchObject({ ok: true });
      pay(world, "paid", 2);
      expect(await ask(world)).toMatchObject({ error: { code: "budget_exceeded" } });
      world.restart();
      expect(await ask(world), "also by an object that has read nothing yet").toMatchObject({
        error: { code: "budget_exceeded" },
      });
    });
  });
});

describe("a limit of turns", () => {
  it("lets no more begin within an hour, and says when the next may [budgets.turns]", async () => {
    await withDesk(async (world) => {
      world.budgets = { each_user: { turns_per_hour: 2 } };
      const begin = (turnId: string, who = ann) => world.desk.admitTurn(turnId, who);
      expect(await begin("1")).toMatchObject({ ok: true });
      world.time.now += 10 * 60_000;
      expect(await begin("2")).toMatchObject({ ok: true });
      expect(await begin("2")).toMatchObject({ ok: true });
      const refused = await begin("3");
      expect(refused.ok ? "" : refused.error.message).toContain("The next may begin at 13:00 UTC");
      expect(await begin("4", { ...ann, user_id: "ben" })).toMatchObject({ ok: true });
      world.time.now += 51 * 60_000;
      expect(await begin("3")).toMatchObject({ ok: true });
    });
  });
});

const NO_TIMING = { model: null, started_at_ms: 0, answered_at_ms: null, ended_at_ms: 0, status: null };

describe("a limit of minutes", () => {
  it("lets no more turns begin once so long was worked in a day [budgets.minutes]", async () => {
    await withDesk(async (world) => {
      world.budgets = { "project:web": { sandbox_minutes_per_day: 10 } };
      world.desk.worked(ann, 9 * 60_000);
      expect(await world.desk.admitTurn("1", ann)).toMatchObject({ ok: true });
      world.working.ms = 60_000;
      expect(await world.desk.admitTurn("1b", ann)).toMatchObject({ ok: false });
      world.working.ms = 0;
      world.desk.worked({ ...ann, user_id: "ben" }, 60_000);
      const refused = await world.desk.admitTurn("2", ann);
      expect(refused.ok ? "" : refused.error.message).toContain(
        "The limit of 10 sandbox minutes a day of this project is used up",
      );
      expect(await world.desk.admitTurn("3", { ...ann, project_id: "api" })).toMatchObject({ ok: true });
      world.time.now += 12 * HOUR_MS;
      expect(await world.desk.admitTurn("2", ann)).toMatchObject({ ok: true });
    });
  });
});

describe("a limit of sessions at once", () => {
  it("counts those of the team, a person, a project or an agent that work [budgets.concurrent]", async () => {
    await withDesk(async (world) => {
      expect(world.desk.mayWork(ann, []), "before anything was read").toBe(false);
      world.budgets = { each_user: { concurrent_sessions: 2 }, "project:web": { concurrent_sessions: 3 } };
      await world.desk.admitTurn("1", ann);
      const ben = { ...ann, user_id: "ben" };
      expect(world.desk.mayWork(ann, [ann, ben, ben])).toBe(false);
      expect(world.desk.mayWork(ann, [ann, ben])).toBe(true);
      expect(world.desk.mayWork(ann, [ann, ann])).toBe(false);
      expect(world.desk.mayWork({ ...ben, project_id: "api" }, [ann, ann, ben])).toBe(true);
    });
  });
});

describe("a session", () => {
  const usage = (message_id: string): AnswerUsage => ({
    message_id,
    model: "claude-sonnet-5",
    usage: apiUsageSchema.parse({ input_tokens: 1_000_000, output_tokens: 100_000 }),
    estimated: false,
  });

  it("asks for money before each request and settles it after, once, also after an outage [budgets.settled] [accounting.once]", async () => {
    await inSession(async (world) => {
      const { runner, turnId } = await world.begin();
      const row = world.session.sessions.get();
      const question = { team_id: row.team_id, runtime_id: runner.runtimeId, model: "claude-sonnet-5" };
      const begun = await world.session.models.begin({ ...question, prompt_bytes: 40_000, max_output_tokens: 64_000 });
      expect(world.reserved).toMatchObject([{ user_id: row.owner_id, estimate: { usual_usd: expect.closeTo(0.03) } }]);
      world.down = "objects";
      const id = begun.ok ? begun.value.request_id : "";
      world.session.models.finish(id, usage("msg_1"), NO_TIMING);
      // Said again, as by a gateway that was not heard: the answer counts as nothing, and the first word stands.
      world.session.models.finish(id, usage("msg_1"), NO_TIMING);
      world.session.models.finish(newId(), usage("msg_1"), NO_TIMING);
      await world.settle();
      expect(world.settled).toEqual([]);
      world.down = null;
      world.restart();
      await deliverOutbox(world.session.outbox, env.DB, world.session.spending.deliver);
      const mine = world.settled.filter(({ request_id }) => request_id === id);
      expect(mine).toMatchObject([{ usd: expect.closeTo(3), project_id: row.project_id }]);
      expect(world.settled.filter(({ usd }) => usd > 0)).toHaveLength(1);
      const rows = await env.DB.prepare("SELECT * FROM model_usage WHERE turn_id = ?").bind(turnId).all();
      expect(rows.results).toMatchObject([{ requests: 1, cost_usd: expect.closeTo(3) }]);
    });
  });

  it("stops as budget_exceeded when it is refused, says why, and goes on when the budget is raised [budgets.stop]", async () => {
    await inSession(async (world) => {
      const { runner, turnId } = await world.begin();
      const row = world.session.sessions.get();
      const question = {
        team_id: row.team_id,
        runtime_id: runner.runtimeId,
        model: "claude-sonnet-5",
        prompt_bytes: 1,
      };
      await runner.say({ kind: "turn_started", turn_id: turnId, origin: "prompt" });
      const error = { code: "budget_exceeded", message: "The budget of the team is used up." } as const;
      world.budget = { ok: false, error };
      expect(await world.session.models.begin(question)).toMatchObject({ error });
      await runner.say(turnEnd(turnId, { result: { ...RESULT, is_error: true, text: "API Error: 400" } }));
      await world.settle();
      const view = world.session.reader.view();
      expect(view).toMatchObject({
        session: { status: "budget_exceeded" },
        turn: { status: "failed", reason: error.message },
      });
      world.budget = null;
      const next = await world.begin("go on");
      await next.runner.say({ kind: "turn_started", turn_id: next.turnId, origin: "prompt" });
      expect(world.session.reader.view().session.status).toBe("running");
      await next.runner.say(turnEnd(next.turnId));
      await world.settle();
      expect(world.session.reader.view().session.status).toBe("idle");
    });
  });

  it("is not said to be stopped by a budget when the turn could go on after all [budgets.stop]", async () => {
    await inSession(async (world) => {
      const { runner, turnId } = await world.begin();
      const { team_id } = world.session.sessions.get();
      const question = { team_id, runtime_id: runner.runtimeId, model: "claude-sonnet-5", prompt_bytes: 1 };
      await runner.say({ kind: "turn_started", turn_id: turnId, origin: "prompt" });
      // A sub-agent is refused; then somebody raises the budget, and the turn fails of something else.
      world.budget = { ok: false, error: { code: "budget_exceeded", message: "It is used up." } };
      await world.session.models.begin(question);
      world.budget = null;
      await world.session.models.begin(question);
      await runner.say(turnEnd(turnId, { result: { ...RESULT, is_error: true, text: "API Error: 400" } }));
      await world.settle();
      const { session, turn } = world.session.reader.view();
      expect(session.status).toBe("idle");
      expect(turn).toMatchObject({ status: "failed", reason: expect.not.stringContaining("used up") as string });
    });
  });

  it("waits a while for what is set aside, and goes on as soon as a request of its own has ended [budgets.race]", async () => {
    await inSession(async (world) => {
      const { runner } = await world.begin();
      const { team_id } = world.session.sessions.get();
      const question = { team_id, runtime_id: runner.runtimeId, model: "claude-sonnet-5", prompt_bytes: 1 };
      const first = await world.session.models.begin(question);
      const error = { code: "too_many_model_requests", message: "It is set aside." } as const;
      world.budget = { ok: false, error };
      const second = world.session.models.begin(question);
      await vi.waitFor(() => expect(world.reserved).toHaveLength(2));
      world.budget = null;
      const began = Date.now();
      world.session.models.finish(first.ok ? first.value.request_id : "", usage("msg_1"), NO_TIMING);
      expect(await second).toMatchObject({ ok: true });
      expect(Date.now() - began, "it is told, and does not ask by the clock").toBeLessThan(1_500);
      expect(new Set(world.reserved.map(({ request_id }) => request_id)).size).toBe(2);

      world.budget = { ok: false, error };
      const third = world.session.models.begin(question);
      await vi.waitFor(() => expect(world.reserved).toHaveLength(4));
      world.aheadMs += 20_000;
      expect(await third).toMatchObject({ error: { code: "too_many_model_requests" } });
    });
  });

  it("warns at four fifths, once for each limit [budgets.warning]", async () => {
    await inSession(async (world) => {
      const { runner } = await world.begin();
      const { team_id } = world.session.sessions.get();
      const state = { subject: "team", kind: "day", limit_usd: 1, spent_usd: 0.8, reserved_usd: 0 } as const;
      world.budget = { ok: true, value: { nearly_reached: [state] } };
      const question = { team_id, runtime_id: runner.runtimeId, model: "claude-sonnet-5", prompt_bytes: 1 };
      for (let index = 0; index < 3; index += 1) await world.session.models.begin(question);
      const page = world.session.events.page(0, { maxEvents: 100, maxBytes: 1e6 });
      expect(page.filter(({ type }) => type === "budget_warned")).toMatchObject([
        { data: { subject: "team", kind: "day", limit_usd: 1, spent_usd: 0.8 } },
      ]);
    });
  });
});

describe("fifty sessions at once", () => {
  /** As much as one request costs by the list, whatever was set aside for it. */
  const COST = 0.03;
  const answerOf = (message_id: string): AnswerUsage => ({
    message_id,
    model: "claude-sonnet-5",
    usage: apiUsageSchema.parse({ input_tokens: 15_000, output_tokens: 0 }),
    estimated: false,
  });

  /** Asks as long as it may, as Claude Code does with its sub-agents. */
  async function spendAll(world: TestWorld): Promise<string> {
    const { runner } = await world.begin();
    const { team_id } = world.session.sessions.get();
    const asked = { prompt_bytes: 20_000, max_output_tokens: 500 };
    const question = { team_id, runtime_id: runner.runtimeId, model: "claude-sonnet-5", ...asked };
    const ask = async (): Promise<string> => {
      for (;;) {
        const begun = await world.session.models.begin(question);
        if (!begun.ok && begun.error.code !== "too_many_model_requests") return begun.error.message;
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 10));
        if (begun.ok) world.session.models.finish(begun.value.request_id, answerOf(newId()), NO_TIMING);
      }
    };
    const [refusal] = await Promise.all([ask(), ask()]);
    await world.settle();
    await deliverOutbox(world.session.outbox, env.DB, world.session.spending.deliver);
    return refusal;
  }

  it("spend a budget of one dollar to within one request each, and what is booked is what was counted [budgets.race]", async () => {
    const teamId = newId();
    await env.DB.prepare(
      "INSERT INTO configuration_items VALUES (?, 'team', ?, 'budget', 'team', ?, 1, 'x', '2026-01-01')",
    )
      .bind(teamId, teamId, JSON.stringify({ usd_per_day: 1 }))
      .run();
    const team = () => env.TEAM.getByName(teamId) as unknown as TeamApi;
    // As many at once as there are: the number of slots is another limit.
    const withSlots = () =>
      new Proxy(team(), {
        get: (real, name) =>
          name === "requestSlot" ? async () => ({ granted: true, expires_at: "" }) : Reflect.get(real, name),
      });
    const refusals: string[] = [];
    const session = () =>
      inSession(async (world) => void refusals.push(await spendAll(world)), { team: withSlots }, teamId);
    await Promise.all(Array.from({ length: 50 }, session));
    expect(refusals).toHaveLength(50);
    for (const refusal of refusals)
      expect(refusal).toMatch(/^The budget of the team is used up: \$\d\.\d\d of \$1\.00 today\./);
    const [state] = await team().budgetStates({ team_id: teamId, user_id: "x", project_id: "x", agent_id: null });
    expect(state?.spent_usd).toBeGreaterThanOrEqual(1);
    expect(state?.spent_usd).toBeLessThanOrEqual(1 + 50 * COST);
    expect(state?.reserved_usd).toBe(0);
    const rows = await env.DB.prepare("SELECT sum(cost_usd) AS usd FROM model_usage WHERE team_id = ?")
      .bind(teamId)
      .first<{ usd: number }>();
    expect(rows?.usd).toBeCloseTo(state?.spent_usd ?? 0);
  });
});
