// Sums of usage follow each row, and a row that comes again or anew is not counted twice.
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { newId } from "./session-fixture.ts";

const TABLES = ["usage_hourly", "usage_daily", "usage_team_hourly"];

const UPSERT = `INSERT INTO model_usage (turn_id, session_id, team_id, user_id, project_id, agent_id, model, runtime, requests,
  estimated_requests, input_tokens, output_tokens, thinking_tokens, cache_read_input_tokens, cache_creation_5m_input_tokens,
  cache_creation_1h_input_tokens, web_search_requests, cost_usd, reported_cost_usd, occurred_at, version)
  VALUES (?, ?, ?, ?, ?, ?, ?, 'claude_code', ?, 0, ?, 1, 0, 0, 0, 0, 0, ?, ?, ?, ?)
  ON CONFLICT (turn_id, model) DO UPDATE SET requests = excluded.requests, input_tokens = excluded.input_tokens,
  cost_usd = excluded.cost_usd, reported_cost_usd = excluded.reported_cost_usd, version = excluded.version
  WHERE excluded.version > model_usage.version`;

describe("sums of usage", () => {
  it("are the sums of the rows, whatever comes again or late [accounting.sums]", async () => {
    const [team, user, project, session] = [newId(), newId(), newId(), newId()];
    const put = (turn: string, wish: { agent?: string; requests: number; cost: number | null; version: number }) =>
      env.DB.prepare(UPSERT)
        .bind(
          turn,
          session,
          team,
          user,
          project,
          wish.agent ?? null,
          "claude-sonnet-5",
          wish.requests,
          wish.requests * 10,
          wish.cost,
          wish.cost,
          "2026-11-21T19:59:59.000Z",
          wish.version,
        )
        .run();
    const [first, second] = [newId(), newId()];
    await put(first, { requests: 1, cost: 0.25, version: 1 });
    await put(first, { requests: 3, cost: 0.75, version: 3 });
    await put(first, { requests: 2, cost: 0.5, version: 2 });
    await put(first, { requests: 3, cost: 0.75, version: 3 });
    await put(second, { agent: "agent", requests: 4, cost: null, version: 1 });
    for (const table of TABLES) {
      const sums = `SELECT sum(requests) AS requests, sum(input_tokens) AS input, sum(output_tokens) AS output,
        sum(cost_usd) AS cost, sum(unpriced_requests) AS unpriced FROM ${table} WHERE team_id = ?`;
      const found = await env.DB.prepare(sums).bind(team).first();
      expect(found, table).toEqual({ requests: 7, input: 70, output: 2, cost: 0.75, unpriced: 4 });
    }
    await put(second, { agent: "agent", requests: 4, cost: 0.1, version: 2 });
    const after = "SELECT sum(cost_usd) AS cost, sum(unpriced_requests) AS unpriced FROM usage_daily WHERE team_id = ?";
    expect(await env.DB.prepare(after).bind(team).first()).toEqual({ cost: expect.closeTo(0.85, 9), unpriced: 0 });
    await env.DB.prepare("DELETE FROM model_usage WHERE team_id = ?").bind(team).run();
    expect(await env.DB.prepare(after).bind(team).first()).toEqual({ cost: expect.closeTo(0.85, 9), unpriced: 0 });
  });
});
