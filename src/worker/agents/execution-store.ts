// Executions of agents in D1, which the Session objects fill through their outbox, with what each has used.
import { and, desc, eq, inArray, lt, or, sql } from "drizzle-orm";
import { type ExecutionFigures, type ExecutionStatus, executionStatusSchema } from "../../shared/agents/execution.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import { agentExecutions } from "../db/agent-schema.ts";
import type { Database } from "../db/client.ts";
import { projects } from "../db/schema.ts";
import { modelUsage } from "../db/usage-schema.ts";

export type Used = { input_tokens: number; output_tokens: number; cost_usd: number | null };

export type ExecutionRow = {
  execution_id: string;
  agent_id: string;
  agent: string;
  agent_version: number;
  project: string;
  task: string;
  status: ExecutionStatus;
  reason: string | null;
  created_at: string;
  started_at: string | null;
  ended_at: string | null;
};

export type ExecutionFilter = {
  agent_id: string | null;
  status: ExecutionStatus | null;
  after: { created_at: string; session_id: string } | null;
  limit: number;
};

export type ExecutionStore = {
  /** The person's own, newest first. */
  list(principal: Principal, filter: ExecutionFilter): Promise<ExecutionRow[]>;
  /** By execution; what has used nothing is left out. */
  used(executionIds: readonly string[]): Promise<Map<string, Used>>;
  /** Of the team's newest executions of an agent. */
  figures(teamId: string, agentId: string, limit: number): Promise<ExecutionFigures[]>;
};

export function createExecutionStore(db: Database): ExecutionStore {
  return {
    async list(principal, filter) {
      const rows = await db
        .select({ execution: agentExecutions, project: projects.name })
        .from(agentExecutions)
        .innerJoin(projects, eq(projects.id, agentExecutions.projectId))
        .where(
          and(
            eq(agentExecutions.teamId, principal.team_id),
            eq(agentExecutions.userId, principal.user_id),
            narrow(filter),
          ),
        )
        .orderBy(desc(agentExecutions.createdAt), desc(agentExecutions.id))
        .limit(filter.limit);
      return rows.map(toRow);
    },
    async used(executionIds) {
      if (executionIds.length === 0) return new Map();
      const rows = await db
        .select({ id: modelUsage.sessionId, ...SUMS })
        .from(modelUsage)
        .where(inArray(modelUsage.sessionId, [...executionIds]))
        .groupBy(modelUsage.sessionId);
      return new Map(
        rows.map(({ id, unknown, cost_usd, ...tokens }) => [
          id,
          { ...tokens, cost_usd: unknown > 0 ? null : cost_usd },
        ]),
      );
    },
    async figures(teamId, agentId, limit) {
      const rows = await db
        .select({
          status: agentExecutions.status,
          started_at: agentExecutions.startedAt,
          ended_at: agentExecutions.endedAt,
          cost_usd: sql<
            number | null
          >`(select case when sum(cost_usd is null and reported_cost_usd is null) > 0 then null
            else sum(coalesce(cost_usd, reported_cost_usd)) end from model_usage where session_id = ${agentExecutions.id})`,
        })
        .from(agentExecutions)
        .where(and(eq(agentExecutions.teamId, teamId), eq(agentExecutions.agentId, agentId)))
        .orderBy(desc(agentExecutions.createdAt))
        .limit(limit);
      return rows.map((row) => ({ ...row, status: executionStatusSchema.parse(row.status) }));
    },
  };
}

/** A price that nobody has said makes the sum unknown, not smaller. */
const SUMS = {
  input_tokens: sql<number>`sum(input_tokens + cache_read_input_tokens + cache_creation_5m_input_tokens
    + cache_creation_1h_input_tokens)`,
  output_tokens: sql<number>`sum(output_tokens)`,
  cost_usd: sql<number | null>`sum(coalesce(cost_usd, reported_cost_usd))`,
  unknown: sql<number>`sum(cost_usd is null and reported_cost_usd is null)`,
};

function narrow({ agent_id, status, after }: ExecutionFilter) {
  const { agentId, status: state, createdAt, id } = agentExecutions;
  return and(
    agent_id === null ? undefined : eq(agentId, agent_id),
    status === null ? undefined : eq(state, status),
    after === null
      ? undefined
      : or(lt(createdAt, after.created_at), and(eq(createdAt, after.created_at), lt(id, after.session_id))),
  );
}

type Joined = { execution: typeof agentExecutions.$inferSelect; project: string };

function toRow({ execution, project }: Joined): ExecutionRow {
  return {
    execution_id: execution.id,
    agent_id: execution.agentId,
    agent: execution.agent,
    agent_version: execution.agentVersion,
    project,
    task: execution.task,
    status: executionStatusSchema.parse(execution.status),
    reason: execution.reason,
    created_at: execution.createdAt,
    started_at: execution.startedAt,
    ended_at: execution.endedAt,
  };
}
