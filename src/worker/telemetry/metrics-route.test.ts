import { describe, expect, it } from "vitest";
import { addValue, emptySeries } from "../../shared/telemetry/metrics.ts";
import { createMetricsRoute } from "./metrics-route.ts";

const TOKEN = "a-token-for-tests-only";
const series = [addValue(emptySeries("claude_code.sessions.total", {}), 2)];

function ask(token: string, authorization?: string) {
  const asked: string[] = [];
  const readMetrics = async () => series;
  const route = createMetricsRoute({
    token,
    listTeams: async () => ["one", "two"],
    team: (id) => (asked.push(id), { readMetrics }),
    subtle: crypto.subtle as never,
  });
  const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
  const request = new Request("https://berth.example/metrics", { headers });
  return { asked, response: route(request) };
}

describe("GET /metrics", () => {
  it("is not there without a token configured, whatever is sent [telemetry.off]", async () => {
    for (const authorization of [undefined, "Bearer ", "Bearer x"]) {
      await expect(ask("", authorization).response).rejects.toMatchObject({ code: "not_found" });
    }
  });

  it.each([undefined, `Bearer ${TOKEN}x`, "Bearer ", `Basic ${TOKEN}`, TOKEN])(
    "asks nobody for %s [telemetry.prometheus]",
    async (authorization) => {
      const { asked, response } = ask(TOKEN, authorization);
      expect((await response).status).toBe(401);
      expect(asked).toEqual([]);
    },
  );

  it("adds up the teams [telemetry.prometheus]", async () => {
    const response = await ask(TOKEN, `Bearer ${TOKEN}`).response;
    expect(await response.text()).toMatch(/^claude_code_sessions_total 4$/m);
    expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  });
});
