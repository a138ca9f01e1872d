// Owes D1 the row of an execution with each change of the session that it is.
import { executionStatus } from "../../shared/agents/execution.ts";
import type { OutboxStore } from "../outbox/outbox-store.ts";
import type { SessionStore } from "../sessions/session-store.ts";
import type { TurnStore } from "../sessions/turn-store.ts";
import type { ObjectSql } from "../sql/migrate.ts";
import type { SessionAgent } from "./session-agent.ts";

type Parts = { sessions: SessionStore; turns: TurnStore; outbox: OutboxStore; agent: Pick<SessionAgent, "get"> };

export type ExecutionRow = {
  /** After the session's own row, inside its transaction. */
  oweRow(): void;
};

export function createExecutionRow(sql: ObjectSql, { sessions, turns, outbox, agent }: Parts): ExecutionRow {
  const times = () =>
    sql
      .exec<{ started_at: string | null; ended_at: string | null }>(
        "SELECT min(started_at) AS started_at, max(ended_at) AS ended_at FROM turns",
      )
      .one();
  return {
    oweRow() {
      const kept = agent.get();
      if (kept === null || !kept.isExecution) return;
      const session = sessions.get();
      const turn = turns.open().at(-1) ?? turns.nextQueued() ?? turns.newest();
      const { started_at, ended_at } = times();
      outbox.put("agent_execution", session.session_id, {
        id: session.session_id,
        agent_id: kept.pinned.agent.agent_id,
        agent: kept.pinned.name,
        agent_version: kept.pinned.version,
        team_id: session.team_id,
        user_id: session.owner_id,
        project_id: session.project_id,
        task: session.title,
        status: executionStatus(session.status, turn),
        reason: turn?.reason ?? null,
        created_at: session.created_at,
        started_at,
        ended_at: turn === null || turn.ended_at !== null ? ended_at : null,
        version: session.version,
      });
    },
  };
}
