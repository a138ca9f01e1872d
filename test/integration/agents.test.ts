import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { createAgentRows } from "../../src/worker/agents/agent-rows.ts";
import { createAgentService } from "../../src/worker/agents/agent-service.ts";
import { createAgentStore } from "../../src/worker/agents/agent-store.ts";
import { createConfigurationService } from "../../src/worker/configuration/configuration-service.ts";
import { createConfigurationStore } from "../../src/worker/configuration/configuration-store.ts";
import { createPlaceResolver } from "../../src/worker/configuration/place-resolver.ts";
import { createProposalService } from "../../src/worker/configuration/proposal-service.ts";
import { createProposalStore } from "../../src/worker/configuration/proposal-store.ts";
import { createDatabase } from "../../src/worker/db/client.ts";
import { loadConfiguration } from "../../src/durable-objects/configuration/load-configuration.ts";
import { newUuid } from "../support/seed-checkpoint.ts";

const db = createDatabase(env.DB);
const now = () => new Date();
const companion = createAgentRows(db);
const proposals = createProposalService({
  store: createProposalStore({ db, now, newId: newUuid, companion }),
  publicUrl: "http://edge",
  newId: newUuid,
  now,
});
const configuration = createConfigurationService({
  store: createConfigurationStore({ db, now, companion }),
  proposals,
  places: createPlaceResolver({
    findProject: () => Promise.reject(new Error("no project is asked for")),
    session: () => ({ getSession: () => Promise.reject(new Error("no session is asked for")) }),
  }),
});
const agents = createAgentService({
  store: createAgentStore(db),
  configuration,
  requireModel(model) {
    if (model === "unknown") throw new Error("not allowed");
  },
  newId: newUuid,
});

const SOURCE = { source_url: null, source_commit: null };
const FIELDS = { description: "for tests", system_prompt: "You test." };

async function newTeam() {
  const team_id = newUuid();
  await env.DB.prepare("INSERT INTO teams (id, name, created_at) VALUES (?, 't', '2026-01-01')").bind(team_id).run();
  const owner = { team_id, user_id: newUuid(), role: "owner" as const };
  const member = { team_id, user_id: newUuid(), role: "member" as const };
  return { owner, member };
}
type Who = Awaited<ReturnType<typeof newTeam>>["owner" | "member"];

const create = (who: Who, name: string, fields: object = {}, scope: "team" | "user" | null = null) =>
  agents.create(who, { name, scope, fields: { ...FIELDS, ...fields }, source: SOURCE, client: null });
const update = (who: Who, agent_id: string, fields: object) =>
  agents.update(who, { agent_id, fields, source: null, client: null });
const list = (who: Who, more = {}) =>
  agents.list(who, { category: null, search: null, after: null, limit: 100, ...more });

describe("agents in D1", () => {
  it("has a version for each change, and a copy stays what it was [agents.versions]", async () => {
    const { owner } = await newTeam();
    const { agent, outcome } = await create(owner, "tester", { model: "sonnet", tools: ["Read"], category: "quality" });
    expect(outcome).toMatchObject({ outcome: "applied" });
    const pinned = await agents.pin(owner, agent.agent_id);
    expect(pinned).toMatchObject({
      name: "tester",
      version: 1,
      agent: { system_prompt: "You test.", tools: ["Read"] },
    });
    await update(owner, agent.agent_id, { system_prompt: "You test twice.", model: null });
    expect(await update(owner, agent.agent_id, { model: null })).toMatchObject({ outcome: { outcome: "unchanged" } });
    const newest = await agents.get(owner, agent.agent_id, null);
    expect(newest).toMatchObject({
      version: 2,
      agent: { system_prompt: "You test twice.", model: null, tools: ["Read"], category: "quality" },
    });
    expect((await agents.get(owner, agent.agent_id, 1)).agent).toEqual(pinned.agent);
    expect((await agents.versions(agent.agent_id)).map(({ version }) => version)).toEqual([2, 1]);
    await expect(agents.get(owner, agent.agent_id, 3)).rejects.toMatchObject({ code: "agent_not_found" });
    expect(await agents.categories(owner)).toEqual([{ category: "quality", agents: 1 }]);
  });
});
