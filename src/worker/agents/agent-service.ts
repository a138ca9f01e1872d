// What people do with agents: make, change, list and remove them. An agent is a configuration item, so what lets its
// executions do more waits for a person like any other change.
import { type Agent, type AgentFields, agentFieldsSchema, type PinnedAgent } from "../../shared/agents/agent-schema.ts";
import { AppError } from "../../shared/errors/app-error.ts";
import type { Place } from "../../shared/configuration/place.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import { nameTaken } from "./agent-rows.ts";
import type { ChangeOutcome, ConfigurationService } from "../configuration/configuration-service.ts";
import type { StoredItem } from "../configuration/configuration-store.ts";
import type { AgentFilter, AgentRow, AgentStore, AgentVersionRow } from "./agent-store.ts";

/** Undefined leaves what was there before. */
export type AgentChange = { [Field in keyof AgentFields]?: unknown };

export type AgentSource = Pick<Agent, "source_url" | "source_commit">;

export type NewAgent = {
  name: string;
  /** The team's where its owner asks, otherwise the person's own. */
  scope: "team" | "user" | null;
  fields: AgentChange;
  source: AgentSource;
  client: string | null;
};

/** `agent` is as it will be once the outcome holds. */
export type AgentChanged = { agent: Agent; name: string; outcome: ChangeOutcome };
export type AgentVersion = { row: AgentRow; version: number; agent: Agent };

export type AgentService = {
  create(principal: Principal, wanted: NewAgent): Promise<AgentChanged>;
  update(
    principal: Principal,
    change: { agent_id: string; fields: AgentChange; source: AgentSource | null; client: string | null },
  ): Promise<AgentChanged>;
  remove(principal: Principal, request: { agent_id: string; client: string | null }): Promise<ChangeOutcome>;
  /** The newest version where none is named. */
  get(principal: Principal, agentId: string, version: number | null): Promise<AgentVersion>;
  versions(agentId: string): Promise<AgentVersionRow[]>;
  list(principal: Principal, filter: AgentFilter): Promise<AgentRow[]>;
  categories(principal: Principal): Promise<{ category: string | null; agents: number }[]>;
  /** A copy for an execution. */
  pin(principal: Principal, agentId: string): Promise<PinnedAgent>;
};

export type AgentServiceOptions = {
  store: AgentStore;
  configuration: Pick<ConfigurationService, "places" | "change">;
  /** Throws when sessions may not use this model. */
  requireModel: (model: string) => void;
  newId: () => string;
};

const MAX_VERSIONS_SHOWN = 50;

export function createAgentService(options: AgentServiceOptions): AgentService {
  const { store, configuration } = options;
  const get: AgentService["get"] = (principal, agentId, version) => getVersion(store, principal, agentId, version);

  async function write(principal: Principal, place: Place, wanted: Wanted, request: Summary): Promise<AgentChanged> {
    const { agent, name, isNew } = wanted;
    if (agent.model !== null) options.requireModel(agent.model);
    const changes = (present: readonly StoredItem[]) => {
      if (isNew) requireFree(present, name);
      else requireStillThere(present, name, agent.agent_id);
      return [{ kind: "agent" as const, name, value: agent }];
    };
    return { agent, name, outcome: await configuration.change(principal, { place, changes, ...request }) };
  }

  return {
    get,
    async create(principal, { name, scope, fields, source, client }) {
      const own = scope ?? (principal.role === "owner" ? "team" : "user");
      const place = await configuration.places.findToChange(principal, anywhere(own));
      const agent = { ...readFields(fields, NOTHING), ...source, agent_id: options.newId() };
      if (await store.isNameTaken(principal.team_id, name)) throw nameTaken();
      const request = { summary: `add the agent ${name}`, client };
      return write(principal, place, { agent, name, isNew: true }, request);
    },
    async update(principal, { agent_id, fields, source, client }) {
      const { row, agent: before } = await get(principal, agent_id, null);
      const { agent_id: _id, source_url, source_commit, ...was } = before;
      const agent = { ...readFields(fields, was), ...(source ?? { source_url, source_commit }), agent_id };
      const summary = `change the agent ${row.name}`;
      return write(
        principal,
        await placeOf(configuration, principal, row),
        { agent, name: row.name, isNew: false },
        { summary, client },
      );
    },
    async remove(principal, { agent_id, client }) {
      const { row } = await get(principal, agent_id, null);
      const place = await placeOf(configuration, principal, row);
      const changes = (present: readonly StoredItem[]) => {
        requireStillThere(present, row.name, agent_id);
        return [{ kind: "agent" as const, name: row.name, value: null }];
      };
      return configuration.change(principal, { place, changes, summary: `remove the agent ${row.name}`, client });
    },
    versions: (agentId) => store.versions(agentId, MAX_VERSIONS_SHOWN),
    list: (principal, filter) => store.list(principal, filter),
    categories: (principal) => store.categories(principal),
    async pin(principal, agentId) {
      const { row, version, agent } = await get(principal, agentId, null);
      return { name: row.name, version, agent };
    },
  };
}

/** Of the place as it is when it is written: since it was looked up, somebody else may have been quicker. */
function idOf(present: readonly StoredItem[], name: string): string | null {
  const item = present.find((one) => one.kind === "agent" && one.name === name);
  return item === undefined ? null : (item.value as Agent).agent_id;
}

function requireFree(present: readonly StoredItem[], name: string): void {
  if (idOf(present, name) !== null) throw nameTaken();
}

function requireStillThere(present: readonly StoredItem[], name: string, agentId: string): void {
  if (idOf(present, name) !== agentId) throw notFound();
}

function notFound(): AppError {
  return new AppError("agent_not_found", "There is no such agent. list_agents shows those that you have.");
}

type Wanted = { agent: Agent; name: string; isNew: boolean };
type Summary = { summary: string; client: string | null };

const NOTHING: Partial<AgentFields> = {
  category: null,
  default_task: null,
  model: null,
  tools: null,
  policy: { auto_approved: [], user_consent: [], forbidden: [] },
  hooks: {},
  mcp_servers: null,
  skills: [],
  default_budget_usd: null,
};

function anywhere(scope: "team" | "user") {
  return { scope, project: null, session_id: null };
}

async function getVersion(
  store: AgentStore,
  principal: Principal,
  agentId: string,
  wanted: number | null,
): Promise<AgentVersion> {
  const row = await store.find(principal, agentId);
  if (row === null) throw notFound();
  const version = wanted ?? row.version;
  const agent = await store.definition(agentId, version);
  if (agent !== null) return { row, version, agent };
  throw new AppError("agent_not_found", `The agent has no version ${version}. Its newest is ${row.version}.`);
}

/** A team's agent is changed by its owners; of persons' agents everybody sees their own alone. */
function placeOf(
  { places }: AgentServiceOptions["configuration"],
  principal: Principal,
  { scope }: AgentRow,
): Promise<Place> {
  return places.findToChange(principal, anywhere(scope));
}

function readFields(given: AgentChange, before: Partial<AgentFields>): AgentFields {
  const known = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const parsed = agentFieldsSchema.safeParse({ ...before, ...known });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.map(String).join(".") ?? "";
  throw new AppError(
    "invalid_argument",
    `The agent's ${field === "" ? "fields" : field}: ${issue?.message ?? "do not fit"}.`,
  );
}
