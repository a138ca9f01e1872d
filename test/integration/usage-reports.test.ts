// Reports on usage, from rows as the Session objects deliver them.
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { createUsageService } from "../../src/worker/accounting/usage-service.ts";
import { createUsageReader } from "../../src/worker/accounting/usage-store.ts";
import { putUsage } from "../support/put-usage.ts";
import { newId } from "./session-fixture.ts";

const NOW = "2026-11-21T12:00:00.000Z";
const team = newId();
const [ann, ben] = [newId(), newId()];
const [web, api] = [newId(), newId()];
const owner = { user_id: ann, team_id: team, role: "owner" } as const;
const member = { ...owner, user_id: ben, role: "member" } as const;
const usage = createUsageService({
  reader: createUsageReader(env.DB),
  nowMs: () => Date.parse(NOW),
  keeping: { rowDays: 400, hourDays: 800 },
  publicUrl: "https://berth.example",
});
const utc = { days: 7, time_zone: "UTC" };
const by = (group_by: "day" | "model" | "project" | "user" | "agent" | "session", wish = {}) =>
  ({ ...utc, group_by, filters: {}, limit: 100, ...wish }) as const;
const costs = (report: { groups: { key: string; cost_usd: number }[] }) =>
  Object.fromEntries(report.groups.map(({ key, cost_usd }) => [key, Number(cost_usd.toFixed(6))]));

describe("a report on usage", () => {
  const [first, second] = [newId(), newId()];
  beforeAll(async () => {
    await env.DB.batch([
      env.DB.prepare("INSERT INTO teams (id, name, created_at) VALUES (?, 'Team', ?)").bind(team, NOW),
      env.DB.prepare("INSERT INTO projects (id, team_id, owner_id, name, created_at) VALUES (?, ?, ?, 'web', ?)").bind(
        web,
        team,
        ann,
        NOW,
      ),
    ]);
    const base = { team_id: team, model: "claude-sonnet-5" };
    await putUsage(env.DB, [
      {
        ...base,
        session_id: first,
        user_id: ann,
        project_id: web,
        cost_usd: 1,
        occurred_at: "2026-11-21T00:10:00.000Z",
      },
      {
        ...base,
        session_id: first,
        user_id: ann,
        project_id: web,
        cost_usd: 2,
        occurred_at: "2026-11-20T23:50:00.000Z",
      },
      {
        ...base,
        model: "claude-opus-5",
        agent_id: "agent-1",
        session_id: second,
        user_id: ben,
        project_id: api,
        cost_usd: 4,
        reported_cost_usd: 5,
        occurred_at: "2026-11-20T18:20:00.000Z",
      },
      {
        ...base,
        session_id: newId(),
        user_id: ben,
        project_id: api,
        cost_usd: 8,
        occurred_at: "2025-12-24T09:00:00.000Z",
      },
      {
        ...base,
        team_id: newId(),
        session_id: newId(),
        user_id: ann,
        project_id: web,
        cost_usd: 100,
        occurred_at: NOW,
      },
      {
        ...base,
        model: "claude-nova-9",
        cost_usd: null,
        reported_cost_usd: 3,
        session_id: newId(),
        user_id: ann,
        project_id: web,
        occurred_at: "2026-11-19T01:00:00.000Z",
      },
    ]);
  });

  it("adds up by day, model, project, person, agent and session [accounting.reports]", async () => {
    expect(costs(await usage.report(owner, by("day")))).toEqual({ "2026-11-19": 0, "2026-11-20": 6, "2026-11-21": 1 });
    const models = await usage.report(owner, by("model"));
    expect(costs(models)).toEqual({ "claude-opus-5": 4, "claude-sonnet-5": 3, "claude-nova-9": 0 });
    expect(models.totals).toMatchObject({ cost_usd: 7, unpriced_requests: 1, reported_cost_usd: 11, requests: 4 });
    expect(costs(await usage.report(owner, by("user")))).toEqual({ [ann]: 3, [ben]: 4 });
    expect(costs(await usage.report(owner, by("agent")))).toEqual({ "agent-1": 4, "": 3 });
    const projects = await usage.report(owner, by("project"));
    expect(projects.groups.map(({ key, name }) => [key, name])).toEqual([
      [api, null],
      [web, "web"],
    ]);
    const sessions = await usage.report(owner, by("session", { limit: 1 }));
    expect([costs(sessions), sessions.has_more, sessions.totals.cost_usd]).toEqual([{ [second]: 4 }, true, 7]);
  });

  it("goes by the days of its time zone, also where they begin at half past [accounting.zones]", async () => {
    const berlin = await usage.report(owner, by("day", { time_zone: "Europe/Berlin", days: 2 }));
    expect(costs(berlin)).toEqual({ "2026-11-20": 4, "2026-11-21": 3 });
    // 18:20 in UTC is 23:50 in Kolkata, and 00:05 of the next day in Kathmandu.
    expect(costs(await usage.report(owner, by("day", { time_zone: "Asia/Kolkata", days: 2 })))).toEqual({
      "2026-11-20": 4,
      "2026-11-21": 3,
    });
    expect(costs(await usage.report(owner, by("day", { time_zone: "Asia/Kathmandu", days: 2 })))).toEqual({
      "2026-11-21": 7,
    });
    const long = await usage.report(owner, by("project", { time_zone: "Asia/Kathmandu", days: 366 }));
    expect(costs(long)).toEqual({ [api]: 12, [web]: 3 });
  });

  it("takes filters together, and dates from and to [accounting.reports]", async () => {
    const filters = { project_id: api, model: "claude-sonnet-5" };
    expect(costs(await usage.report(owner, by("user", { filters, days: 366 })))).toEqual({ [ben]: 8 });
    const december = { from: "2025-12-01", to: "2025-12-31", time_zone: "UTC" };
    const report = await usage.report(owner, { ...december, group_by: "day", filters: {}, limit: 400 });
    expect([costs(report), report.from, report.to]).toEqual([{ "2025-12-24": 8 }, "2025-12-01", "2025-12-31"]);
  });

  it("shows a member themselves alone, and another team nothing [accounting.visibility]", async () => {
    expect(costs(await usage.report(member, by("user")))).toEqual({ [ben]: 4 });
    expect((await usage.report(member, by("model", { filters: { user_id: ann } }))).totals.requests).toBe(0);
    const stranger = { ...owner, team_id: newId() };
    for (const group of ["day", "model", "session"] as const) {
      expect(await usage.report(stranger, by(group, { days: 90 }))).toMatchObject({
        groups: [],
        totals: { requests: 0 },
      });
    }
    expect(await usage.differences(stranger, utc)).toEqual([]);
  });

  it("names the sessions whose cost is not what Claude Code reported [accounting.differences]", async () => {
    expect(await usage.differences(owner, utc)).toEqual([{ session_id: second, cost_usd: 4, reported_cost_usd: 5 }]);
    expect(await usage.differences({ ...member, user_id: ann }, utc)).toEqual([]);
    // Not looked at is not the same as none.
    expect(await usage.differences(owner, { ...utc, days: 94 })).toBeNull();
  });

  it("refuses ten years, a year by session, and days that end before they begin [accounting.limits]", async () => {
    const ask = (from: string, to: string, group: "day" | "session" = "day") =>
      usage.report(owner, { from, to, time_zone: "UTC", group_by: group, filters: {}, limit: 10 });
    await expect(ask("2016-11-21", "2026-11-21")).rejects.toMatchObject({ code: "invalid_argument" });
    await expect(ask("2026-01-01", "2026-11-21", "session")).rejects.toThrow("at most 93 days");
    await expect(ask("2026-11-21", "2026-11-20")).rejects.toThrow("after");
    expect((await ask("2025-11-21", "2026-11-21")).totals.cost_usd).toBe(15);
  });

  it("is to be had as a file, a line for each day, person, project, agent and model [accounting.export]", async () => {
    const place = usage.locate({ days: 2, time_zone: "UTC" }, "csv");
    expect(place).toMatchObject({ name: "usage-2026-11-20-2026-11-21.csv", from: "2026-11-20" });
    const days = { from: "2026-11-20", to: "2026-11-21", time_zone: "UTC" };
    const csv = await new Response(usage.stream(owner, days, "csv")).text();
    const [head, ...lines] = csv.trimEnd().split("\r\n");
    expect(head).toMatch(/^day,user_id,project_id,agent_id,model,user,project,requests,/);
    expect(lines).toHaveLength(3);
    expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^2026-11-20,${ben},${api},agent-1,claude-opus-5,`)));
    const json = await new Response(usage.stream(member, days, "json")).json();
    expect(json).toMatchObject([{ day: "2026-11-20", user_id: ben, cost_usd: 4 }]);
    const nothing = { from: "2026-01-01", to: "2026-01-02", time_zone: "UTC" };
    expect(await new Response(usage.stream(owner, nothing, "json")).json()).toEqual([]);
  });

  it("is to be had as a file however many lines a day has, each once [accounting.export]", async () => {
    const large = newId();
    const many = Array.from({ length: 4_500 }, (_, index) => ({
      team_id: large,
      session_id: newId(),
      user_id: ann,
      project_id: web,
      agent_id: `agent-${index}`,
      model: "claude-sonnet-5",
      cost_usd: 1,
      occurred_at: NOW,
    }));
    for (let at = 0; at < many.length; at += 1_500) await putUsage(env.DB, many.slice(at, at + 1_500));
    const days = { from: "2026-11-20", to: "2026-11-22", time_zone: "UTC" };
    const stream = usage.stream({ ...owner, team_id: large }, days, "json");
    const lines: { agent_id: string }[] = await new Response(stream).json();
    expect(lines).toHaveLength(4_500);
    expect(new Set(lines.map(({ agent_id }) => agent_id)).size).toBe(4_500);
  });

  it("finds a model by any of its names [accounting.reports]", async () => {
    for (const model of ["claude-opus-5", "claude-opus-5-20260401", "us.anthropic.claude-opus-5-v1:0"]) {
      expect(costs(await usage.report(owner, by("user", { filters: { model } }))), model).toEqual({ [ben]: 4 });
    }
  });

  it("says nothing of the cost of what still works [accounting.differences]", async () => {
    const row = `INSERT INTO session_processes (session_id, team_id, owner_id, project_id, project, branch, status,
      processes, cpu_percent, rss_bytes, updated_at, version) VALUES (?, ?, ?, ?, 'web', 'main', 'running', 1, 0, 0, ?, 1)`;
    await env.DB.prepare(row).bind(second, team, ben, api, NOW).run();
    expect(await usage.differences(owner, utc)).toEqual([]);
    await env.DB.prepare("DELETE FROM session_processes WHERE session_id = ?").bind(second).run();
    expect(await usage.differences(owner, utc)).toHaveLength(1);
  });
});

describe("usage that is old", () => {
  const [owned, session] = [newId(), newId()];
  const boss = { ...owner, team_id: owned };
  const later = (database = env.DB) =>
    createUsageService({
      reader: createUsageReader(database),
      nowMs: () => Date.parse("2026-12-30T00:00:00Z"),
      keeping: { rowDays: 31, hourDays: 35 },
      publicUrl: "https://berth.example",
    });
  const november = { from: "2026-11-19", to: "2026-11-20" };
  const ask = (group_by: "day" | "user" | "session", time_zone: string, principal = boss) =>
    later().report(principal, { ...november, time_zone, group_by, filters: {}, limit: 100 });
  const countIn = (table: string) =>
    env.DB.prepare(`SELECT count(*) AS n FROM ${table} WHERE team_id = ?`).bind(owned).first("n");
  beforeAll(async () => {
    await env.DB.prepare("INSERT INTO teams (id, name, created_at) VALUES (?, 'Team', ?)").bind(owned, NOW).run();
    const base = { team_id: owned, session_id: session, user_id: ann, project_id: web, model: "claude-opus-5" };
    await putUsage(env.DB, [
      { ...base, cost_usd: 1, occurred_at: "2026-11-20T18:20:00.000Z" },
      { ...base, cost_usd: 2, occurred_at: "2026-12-29T18:20:00.000Z" },
    ]);
  });

  it("loses its rows, then its sums by the hour, and none by day [accounting.retention]", async () => {
    await later().sweep();
    const tables = ["model_usage", "usage_hourly", "usage_daily", "usage_team_hourly"];
    expect(await Promise.all(tables.map(countIn))).toEqual([1, 1, 2, 2]);
    expect((await ask("user", "UTC")).totals.cost_usd).toBe(1);
    expect(costs(await ask("day", "Europe/Berlin"))).toEqual({ "2026-11-20": 1 });
    const file = later().stream(boss, { ...november, time_zone: "UTC" }, "json");
    expect(await new Response(file).json()).toMatchObject([{ day: "2026-11-20", cost_usd: 1 }]);
  });

  it("is refused where it would come out too low, with how it can be had [accounting.retention]", async () => {
    await expect(ask("user", "Europe/Berlin")).rejects.toThrow("by whole days in UTC alone");
    await expect(ask("session", "UTC")).rejects.toThrow("before 2026-11-25");
    await expect(ask("day", "Asia/Kolkata")).rejects.toThrow("Usage before 2026-11-29 is kept by the hour alone");
    await expect(ask("day", "Europe/Berlin", { ...boss, role: "member" } as never)).rejects.toThrow("whole days");
    expect(await later().differences(boss, { ...november, time_zone: "UTC" })).toBeNull();
    const stream = () => later().stream(boss, { ...november, time_zone: "Asia/Kathmandu" }, "csv");
    expect(stream).toThrow("whole days in UTC");
  });

  it("is found without a look at what is young [accounting.retention]", async () => {
    const asked: string[] = [];
    const prepare = (sql: string) => (asked.push(sql), env.DB.prepare(sql));
    await later({ ...env.DB, prepare } as D1Database).sweep();
    expect(asked).toHaveLength(2);
    for (const sql of asked) {
      const plan = await env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`).bind("2026", 1).all<{ detail: string }>();
      const steps = plan.results.map(({ detail }) => detail);
      expect(steps.filter((step) => /^SCAN (?!t\b)/.test(step))).toEqual([]);
      expect(steps.join()).toMatch(/SEARCH u USING .*INDEX .*team_id=\? AND (?:hour|occurred_at)<\?/);
    }
  });
});

describe("a report over a change of clocks", () => {
  it("gives each hour to the day that it belongs to, in days of 23, 25 and 24½ hours [accounting.zones]", async () => {
    const travelled = newId();
    const put = (instants: string[]) =>
      putUsage(
        env.DB,
        instants.map((occurred_at) => ({
          team_id: travelled,
          session_id: newId(),
          user_id: ann,
          project_id: web,
          model: "claude-opus-5",
          cost_usd: 1,
          occurred_at,
        })),
      );
    const ask = async (from: string, to: string, time_zone: string, group_by: "day" | "user" = "day") =>
      costs(
        await usage.report(
          { ...owner, team_id: travelled },
          { from, to, time_zone, group_by, filters: { user_id: ann }, limit: 400 },
        ),
      );
    // Berlin's 29 March ends at 22:00 in UTC, its 25 October begins at 22:00 and ends at 23:00.
    await put(["2026-03-28T22:59:59.999Z", "2026-03-28T23:00:00.000Z", "2026-03-29T21:59:59.999Z"]);
    await put(["2026-03-29T22:00:00.000Z"]);
    expect(await ask("2026-03-28", "2026-03-30", "Europe/Berlin")).toEqual({
      "2026-03-28": 1,
      "2026-03-29": 2,
      "2026-03-30": 1,
    });
    await put(["2026-10-24T21:59:59.999Z", "2026-10-24T22:00:00.000Z", "2026-10-25T00:30:00.000Z"]);
    await put(["2026-10-25T01:30:00.000Z", "2026-10-25T22:59:59.999Z", "2026-10-25T23:00:00.000Z"]);
    const autumn = { "2026-10-24": 1, "2026-10-25": 4, "2026-10-26": 1 };
    expect(await ask("2026-10-24", "2026-10-26", "Europe/Berlin")).toEqual(autumn);
    // Over a whole year the middle comes from sums by day: the same, and nothing twice.
    expect(await ask("2026-10-25", "2026-10-25", "Europe/Berlin", "user")).toEqual({ [ann]: 4 });
    expect(await ask("2026-01-01", "2026-12-31", "Europe/Berlin", "user")).toEqual({ [ann]: 10 });
    // Lord Howe's clocks change by half an hour: its 4 October goes from 13:30 of the day before to 13:00.
    await put(["2026-10-03T13:29:00.000Z", "2026-10-03T13:31:00.000Z", "2026-10-04T12:59:00.000Z"]);
    await put(["2026-10-04T13:01:00.000Z"]);
    expect(await ask("2026-10-03", "2026-10-05", "Australia/Lord_Howe")).toEqual({
      "2026-10-03": 1,
      "2026-10-04": 2,
      "2026-10-05": 1,
    });
  });
});
