// What resources are made of, gathered from the services.
import type { FileContent } from "../../shared/rpc/runner-workspace-api.ts";
import { MAX_FILE_READ_BYTES } from "../../shared/limits.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import { showAgentFacts, showDefinition } from "../agents/tool-fields.ts";
import type { EventBodies, EventPart } from "../sessions/event-bodies.ts";
import { showWhole } from "../sessions/tool-fields.ts";
import type { Services } from "./tool-context.ts";

export type ResourceReaders = {
  activeSessions(principal: Principal): Promise<unknown>;
  config(principal: Principal): Promise<unknown>;
  agents(principal: Principal): Promise<unknown>;
  agent(principal: Principal, agentId: string): Promise<unknown>;
  /** Of a day in UTC; null for today. */
  usage(principal: Principal, date: string | null): Promise<unknown>;
  session(principal: Principal, sessionId: string): Promise<unknown>;
  event(principal: Principal, position: { sessionId: string; seq: number; offset: number }): Promise<EventPart>;
  file(principal: Principal, project: string, wanted: { path: string; offset: number }): Promise<FileContent>;
};

/** Text and base64 of one part stay under what clients show of a result. */
const MAX_PART_BYTES = Math.min(64 * 1024, MAX_FILE_READ_BYTES);

export function createResourceReaders(options: {
  services: Services;
  bodies: EventBodies;
  publicConfig: Record<string, unknown>;
}): ResourceReaders {
  const { sessions, projects } = options.services;
  return {
    async activeSessions(principal) {
      return { sessions: await sessions.listActive(principal, 50) };
    },
    async config(principal) {
      return { ...options.publicConfig, configuration: await options.services.configuration.merged(principal, {}) };
    },
    async agents(principal) {
      const filter = { category: null, search: null, after: null, limit: 100 };
      return { agents: (await options.services.agents.list(principal, filter)).map(showAgentFacts) };
    },
    async agent(principal, agentId) {
      const { row, agent } = await options.services.agents.get(principal, agentId, null);
      return { ...showAgentFacts(row), definition: showDefinition(agent) };
    },
    async usage(principal, date) {
      const time = { time_zone: "UTC", ...(date === null ? { days: 1 } : { from: date, to: date }) };
      const report = await options.services.usage.report(principal, {
        ...time,
        group_by: "model",
        filters: {},
        limit: 100,
      });
      const { groups, totals, from } = report;
      return {
        date: from,
        time_zone: "UTC",
        totals,
        models: groups.map(({ key, name: _name, ...sums }) => ({ model: key, ...sums })),
      };
    },
    session: async (principal, sessionId) => showWhole(await sessions.get(principal, sessionId), options.services),
    async event(principal, { sessionId, seq, offset }) {
      const found = await sessions.getEvent(principal, sessionId, seq);
      return options.bodies.readPart(found, { offset, maxBytes: MAX_PART_BYTES });
    },
    file: (principal, project, { path, offset }) =>
      projects.readFile(principal, { project, branch: null }, { path, offset, limit: MAX_PART_BYTES }),
  };
}
