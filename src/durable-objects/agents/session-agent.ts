// The agent that a session runs as, kept by copy: what becomes of the agent later changes nothing of a session that began.
import { type PinnedAgent, pinnedAgentSchema } from "../../shared/agents/agent-schema.ts";
import type { SessionSummary } from "../../shared/sessions/schema.ts";
import type { ObjectSql } from "../sql/migrate.ts";

export const AGENT_SCHEMA = `
  ALTER TABLE session ADD COLUMN agent_id TEXT;
  CREATE TABLE session_agent (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    mark TEXT NOT NULL,
    is_execution INTEGER NOT NULL,
    pinned TEXT NOT NULL
  );
`;

type Kept = { pinned: PinnedAgent; mark: string; isExecution: boolean };

export type SessionAgent = {
  /** Null for a session that runs as Claude Code itself. */
  get(): Kept | null;
  /** As people are told of it. */
  told(): SessionSummary["agent"];
  /** Once, with the session's first row. A fork goes on as the same agent and is no execution. */
  pin(pinned: PinnedAgent, isExecution: boolean): void;
};

/** Long enough that nobody guesses it, short enough for the name of a file. */
const MARK_CHARACTERS = 12;

export function createSessionAgent(sql: ObjectSql, newId: () => string): SessionAgent {
  let kept: Kept | null | undefined;
  const get = (): Kept | null => {
    if (kept === undefined) kept = read(sql);
    return kept;
  };
  return {
    get,
    told() {
      const known = get();
      if (known === null) return undefined;
      const { agent, name, version } = known.pinned;
      return { agent_id: agent.agent_id, name, version, is_execution: known.isExecution };
    },
    pin(pinned, isExecution) {
      const mark = newId().replaceAll("-", "").slice(-MARK_CHARACTERS);
      const text = JSON.stringify(pinned);
      sql.exec("INSERT OR IGNORE INTO session_agent VALUES (1, ?, ?, ?)", mark, isExecution ? 1 : 0, text);
      sql.exec("UPDATE session SET agent_id = ?", pinned.agent.agent_id);
      kept = undefined;
    },
  };
}

type Row = { mark: string; is_execution: number; pinned: string };

function read(sql: ObjectSql): Kept | null {
  const [row] = sql.exec<Row>("SELECT mark, is_execution, pinned FROM session_agent").toArray();
  if (row === undefined) return null;
  const pinned = pinnedAgentSchema.parse(JSON.parse(row.pinned));
  return { pinned, mark: row.mark, isExecution: row.is_execution === 1 };
}
