// What somebody may send the tools of agents that is wrong, as a client sends it: each is refused with what to do about it.
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { createAgentRows } from "../../src/worker/agents/agent-rows.ts";
import { createConfigurationStore } from "../../src/worker/configuration/configuration-store.ts";
import { createDatabase } from "../../src/worker/db/client.ts";
import { pinnedAgent } from "../support/pinned-agent.ts";
import { newUuid } from "../support/seed-checkpoint.ts";
import { ALL_SCOPES, callModern, readRpc, type RpcAnswer, signIn } from "./oauth-client.ts";

const MEGABYTE = "x".repeat(1024 * 1024);
const FIELDS = { description: "for tests", system_prompt: "You test." };

let token = "";
const call = async (name: string, args: object): Promise<RpcAnswer> =>
  readRpc(await callModern(token, "tools/call", { name, arguments: args }, { query: "?toolsets=all" }));
const said = ({ result }: RpcAnswer) => {
  const [content] = (result?.["content"] ?? []) as { text: string }[];
  return { isError: result?.["isError"] === true, ...(JSON.parse(content!.text) as Record<string, unknown>) };
};
const refused = (code: string, message: RegExp) => ({ isError: true, code, message: expect.stringMatching(message) });
const invalid = (message: RegExp) => refused("invalid_argument", message);

beforeAll(async () => {
  const scopes = [...ALL_SCOPES.split(" "), "configuration:read", "configuration:write"];
  token = (await signIn(scopes)).access_token;
});

describe("an agent's tools", () => {
  it("refuse a name that is there, and say what to do instead [agents.name]", async () => {
    expect(said(await call("create_agent", { name: "twice", ...FIELDS }))).toMatchObject({ outcome: "applied" });
    const taken = refused("agent_name_taken", /another name/);
    expect(said(await call("create_agent", { name: "twice", ...FIELDS }))).toMatchObject(taken);
    expect(said(await call("create_agent", { name: "twice", scope: "user", ...FIELDS }))).toMatchObject(taken);
    const text = "---\nname: twice\ndescription: another\n---\nYou are another one.";
    expect(said(await call("import_agent", { text }))).toMatchObject(taken);
  });

  it.each([
    ["create_agent", { name: "much", ...FIELDS, system_prompt: MEGABYTE }, /system_prompt.*100000/],
    ["create_agent", { name: "much", ...FIELDS, description: MEGABYTE }, /description/],
    ["create_agent", { name: "much", ...FIELDS, default_task: MEGABYTE }, /default_task/],
    ["create_agent", { name: MEGABYTE, ...FIELDS }, /name/],
    ["import_agent", { text: MEGABYTE }, /text/],
    ["import_agent", { url: `https://github.com/o/r/blob/main/${MEGABYTE}` }, /url/],
    ["execute_agent", { agent_id: newUuid(), task: MEGABYTE }, /task/],
    ["delegate_task", { type: "debugging", description: MEGABYTE, parameters: {} }, /description/],
    [
      "delegate_task",
      { type: "debugging", project: "default", description: "x", parameters: { error: MEGABYTE } },
      /parameters/,
    ],
    ["delegate_task", { type: "mind_reading", description: "x", parameters: {} }, /type/],
    ["create_agent", { name: "cheap", ...FIELDS, default_budget_usd: -1 }, /default_budget_usd/],
    ["create_agent", { name: "cheap", ...FIELDS, default_budget_usd: 0 }, /default_budget_usd/],
    ["execute_agent", { agent_id: newUuid(), task: "x", max_budget_usd: -1 }, /max_budget_usd/],
    ["set_budget", { of: "agent", id: newUuid(), usd_per_day: -1 }, /usd_per_day/],
    ["get_usage_analytics", { days: 3_653 }, /days/],
    ["get_usage_analytics", { from: "2016-11-21", to: "2026-11-21" }, /at most 366 days/],
    ["export_usage_report", { from: "2016-11-21", to: "2026-11-21" }, /at most 366 days/],
  ] as const)("refuse %s where it is too much or less than nothing: %# [agents.input]", async (name, args, reason) => {
    expect(said(await call(name, args))).toMatchObject(invalid(reason));
  });

  it.each([
    ["http://github.com/o/r/blob/main/a.md", "address_refused"],
    ["https://127.0.0.1/o/r/blob/main/a.md", "address_refused"],
    ["https://[::1]/o/r/blob/main/a.md", "address_refused"],
    ["https://169.254.169.254/latest/meta-data", "address_refused"],
    ["file:///etc/passwd", "address_refused"],
    ["no address", "invalid_argument"],
  ])("import nothing from %s [agents.import]", async (url, code) => {
    expect(said(await call("import_agent", { url }))).toMatchObject(refused(code, /./));
  });

  it.each([
    ["Just words.", "agent_refused", /neither a name nor a description/],
    ['{"version":1,"agent":{"name":"a","system_prompt":', "agent_refused", /JSON/],
    ["---\n- a\n---\nx", "invalid_argument", /YAML/],
    ["---\nname: [\ndescription: b\n---\nx", "invalid_argument", /no name/],
    ["---\nname: a\ndescription: b\ntools: 5\n---\nx", "invalid_argument", /neither a text nor a list/],
  ])("import no malformed file: %j [agents.import]", async (text, code, reason) => {
    expect(said(await call("import_agent", { text }))).toMatchObject(refused(code, reason));
  });

  it("know nothing of another team's agent, nor of another person's [agents.access]", async () => {
    const db = createDatabase(env.DB);
    const store = createConfigurationStore({ db, now: () => new Date(), companion: createAgentRows(db) });
    const add = async (team_id: string, scope: "team" | "user", scope_id: string, name: string): Promise<string> => {
      const { agent } = pinnedAgent({ system_prompt: "MARK-THEIRS" });
      const changes = [{ kind: "agent" as const, name, value: agent }];
      const set = { teamId: team_id, place: { scope, scope_id }, changes, summary: "s", changedBy: newUuid() };
      expect(await store.apply(set, null)).not.toBeNull();
      return agent.agent_id;
    };
    const { team_id: ours } = (await env.DB.prepare("select team_id from memberships").first<{ team_id: string }>())!;
    const theirs = newUuid();
    await env.DB.prepare("INSERT INTO teams (id, name, created_at) VALUES (?, 't', '2026-01-01')").bind(theirs).run();
    const unseen = [await add(theirs, "team", theirs, "theirs"), await add(ours, "user", newUuid(), "somebodys")];
    for (const agent_id of [...unseen, newUuid()]) {
      for (const [name, args] of [
        ["get_agent", {}],
        ["update_agent", { description: "mine" }],
        ["delete_agent", {}],
        ["export_agent", {}],
        ["execute_agent", { task: "x" }],
        ["import_agent", { text: "---\nname: a\ndescription: b\n---\nx" }],
      ] as const) {
        const answer = await call(name, { agent_id, ...args });
        expect(said(answer), name).toMatchObject(refused("agent_not_found", /list_agents/));
      }
      expect(said(await call("list_agent_executions", { agent_id }))).toMatchObject({ executions: [] });
    }
    const listed = await call("list_agents", {});
    expect(JSON.stringify(listed)).not.toMatch(/theirs|somebodys|MARK-THEIRS/);
    for (const execution of ["get_agent_execution", "cancel_agent_execution"]) {
      const answer = await call(execution, { execution_id: newUuid() });
      expect(said(answer)).toMatchObject(refused("execution_not_found", /list_agent_executions/));
    }
  });
});
