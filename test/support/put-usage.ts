// Rows of usage as Session objects deliver them, for tests and benchmarks of what is made of them.

export type UsageWish = {
  team_id: string;
  session_id: string;
  user_id: string;
  project_id: string;
  model: string;
  occurred_at: string;
  cost_usd: number | null;
  reported_cost_usd?: number;
  agent_id?: string;
};

const COLUMNS = [
  ...["turn_id", "session_id", "team_id", "user_id", "project_id", "agent_id", "model", "runtime", "requests"],
  ...["estimated_requests", "input_tokens", "output_tokens", "thinking_tokens", "cache_read_input_tokens"],
  ...["cache_creation_5m_input_tokens", "cache_creation_1h_input_tokens", "web_search_requests", "cost_usd"],
  ...["reported_cost_usd", "occurred_at", "version"],
];
const INSERT = `INSERT INTO model_usage (${COLUMNS.join(", ")})
  SELECT ${COLUMNS.map((name) => `value ->> '${name}'`).join(", ")} FROM json_each(?)`;

/** Each row is a turn of its own, with one request. */
export async function putUsage(database: D1Database, wishes: UsageWish[]): Promise<void> {
  const rows = wishes.map((wish) => ({
    ...{ turn_id: crypto.randomUUID(), agent_id: null, runtime: "claude_code", requests: 1, estimated_requests: 0 },
    ...{ input_tokens: 1000, output_tokens: 100, thinking_tokens: 10, cache_read_input_tokens: 5000 },
    ...{ cache_creation_5m_input_tokens: 50, cache_creation_1h_input_tokens: 500, web_search_requests: 0, version: 1 },
    reported_cost_usd: wish.cost_usd,
    ...wish,
  }));
  await database.prepare(INSERT).bind(JSON.stringify(rows)).run();
}
