// What people do with executions: give an agent a task, look how it goes, cancel it. An execution is a session that runs as
// the agent, and its id is the session's.
import {
  type ExecutionStatistics,
  executionStatus,
  type ExecutionStatus,
  summarizeExecutions,
} from "../../shared/agents/execution.ts";
import type { PinnedAgent } from "../../shared/agents/agent-schema.ts";
import { AppError } from "../../shared/errors/app-error.ts";
import type { SessionView } from "../../shared/rpc/session-api.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import type { ExecuteAnswer, ExecuteRequest, SessionService } from "../sessions/session-service.ts";
import type { AgentService } from "./agent-service.ts";
import type { ExecutionFilter, ExecutionRow, ExecutionStore, Used } from "./execution-store.ts";

export type Execution = { view: SessionView; status: ExecutionStatus; used: Used | null };

type Place = Pick<
  ExecuteRequest,
  "project" | "branch" | "checkpoint_id" | "idempotency_key" | "attachments" | "options" | "traceparent"
>;
export type ExecutionRequest = Place & { agent_id: string; task: string | null };

export type ExecutionService = {
  start(principal: Principal, request: ExecutionRequest): Promise<ExecuteAnswer>;
  get(principal: Principal, executionId: string): Promise<Execution>;
  /** Stops what runs and takes back what waits; the session can be gone on with. */
  cancel(principal: Principal, executionId: string): Promise<Execution>;
  list(principal: Principal, filter: ExecutionFilter): Promise<(ExecutionRow & { used: Used | null })[]>;
  /** Over the team's newest executions of the agent. */
  statistics(principal: Principal, agentId: string): Promise<ExecutionStatistics>;
};

export type ExecutionServiceOptions = {
  agents: Pick<AgentService, "pin">;
  sessions: Pick<SessionService, "execute" | "get" | "interrupt">;
  store: ExecutionStore;
};

const STATISTICS_OVER = 1_000;

export function createExecutionService({ agents, sessions, store }: ExecutionServiceOptions): ExecutionService {
  const show = async (view: SessionView): Promise<Execution> => {
    const { session_id, status } = view.session;
    const turn = view.turn === null ? null : { status: view.turn.status, result: view.result };
    const used = await store.used([session_id]);
    return { view, status: executionStatus(status, turn), used: used.get(session_id) ?? null };
  };
  const find = async (principal: Principal, executionId: string): Promise<SessionView> => {
    const view = await sessions.get(principal, executionId).catch((error: unknown) => {
      if (error instanceof AppError && error.code === "session_not_found") return null;
      throw error;
    });
    if (view?.session.agent?.is_execution === true) return view;
    throw new AppError("execution_not_found", "There is no such execution. list_agent_executions shows yours.");
  };
  return {
    async start(principal, { agent_id, task, ...place }) {
      const pinned = await agents.pin(principal, agent_id);
      return sessions.execute(principal, toRequest(pinned, task, place), NOBODY_WAITS);
    },
    get: async (principal, executionId) => show(await find(principal, executionId)),
    async cancel(principal, executionId) {
      await find(principal, executionId);
      return show(await sessions.interrupt(principal, executionId));
    },
    async list(principal, filter) {
      const rows = await store.list(principal, filter);
      const used = await store.used(rows.map(({ execution_id }) => execution_id));
      return rows.map((row) => ({ ...row, used: used.get(row.execution_id) ?? null }));
    },
    async statistics({ team_id }, agentId) {
      return summarizeExecutions(await store.figures(team_id, agentId, STATISTICS_OVER));
    },
  };
}

const NOBODY_WAITS = { reportProgress: () => Promise.resolve(), signal: new AbortController().signal };

function toRequest(pinned: PinnedAgent, task: string | null, { options, ...place }: Place): ExecuteRequest {
  const { agent } = pinned;
  const prompt = task ?? agent.default_task;
  if (prompt === null)
    throw new AppError("invalid_argument", "This agent has no default task. Say in `task` what it is to do.");
  return {
    ...place,
    prompt,
    session_id: null,
    continue_session: false,
    session_key: null,
    if_busy: "queue",
    wait_seconds: 0,
    options: {
      ...options,
      ...(options.model === undefined && agent.model !== null && { model: agent.model }),
    },
    agent: pinned,
  };
}
