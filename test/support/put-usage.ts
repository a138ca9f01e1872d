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

const TOKENS = {
  input_tokens: 1000,
  output_tokens: 100,
  thinking_tokens: 10,
  cache_read_input_tokens: 5000,
  cache_creation_5m_input_tokens: 50,
  cache_creation_1h_input_tokens: 500,
  web_search_requests: 0,
};
const FIXED = { agent_id: null, runtime: "claude_code", requests: 1, estimated_requests: 0, ...TOKENS, version: 1 };
const OWN = "turn_id session_id team_id user_id project_id model occurred_at cost_usd reported_cost_usd".split(" ");
const COLUMNS = [...OWN, ...Object.keys(FIXED)];
const INSERT = `INSERT INTO model_usage (${COLUMNS.join(", ")})
  SELECT ${COLUMNS.map((name) => `value ->> '${name}'`).join(", ")} FROM json_each(?)`;

/** Each row is a turn of its own, with one request. */
export async function putUsage(database: D1Database, wishes: UsageWish[]): Promise<void> {
  const rows = wishes.map((wish) => {
    return { ...FIXED, turn_id: crypto.randomUUID(), reported_cost_usd: wish.cost_usd, ...wish };
  });
  await database.prepare(INSERT).bind(JSON.stringify(rows)).run();
}
