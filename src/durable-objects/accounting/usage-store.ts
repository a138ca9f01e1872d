// What each turn used, by model: as the gateway counted it, request by request, and as Claude Code reported it.
import { z } from "zod";
import { type ReportedModel, reportedModelSchema } from "../../shared/accounting/reported-usage.ts";
import { addTokens, NO_TOKENS, type TokenUsage } from "../../shared/accounting/token-usage.ts";
import type { ObjectSql } from "../sql/migrate.ts";

export const ACCOUNTING_SCHEMA = `
  ALTER TABLE session ADD COLUMN cli_usage TEXT NOT NULL DEFAULT '{}';
  -- What a CLI goes on counting from is in the conversation's own files.
  ALTER TABLE transcripts DROP COLUMN cli_total_usd;
  CREATE TABLE turn_usage (
    turn_id TEXT NOT NULL,
    model TEXT NOT NULL,
    requests INTEGER NOT NULL DEFAULT 0,
    estimated_requests INTEGER NOT NULL DEFAULT 0,
    unpriced_requests INTEGER NOT NULL DEFAULT 0,
    counted TEXT NOT NULL,
    counted_cost_usd REAL NOT NULL DEFAULT 0,
    reported TEXT,
    occurred_at TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (turn_id, model)
  ) WITHOUT ROWID;
  CREATE TABLE counted_answers (
    message_id TEXT PRIMARY KEY,
    turn_id TEXT NOT NULL
  ) WITHOUT ROWID;
  -- What was owed by turn alone goes into the table by model.
  UPDATE outbox SET kind = 'model_usage', payload = json_object(
    'turn_id', payload ->> 'turn_id', 'session_id', payload ->> 'session_id', 'team_id', payload ->> 'team_id',
    'user_id', payload ->> 'user_id', 'project_id', payload ->> 'project_id',
    'model', coalesce(payload ->> 'model', 'unknown'), 'runtime', 'claude_code', 'requests', 0, 'estimated_requests', 0,
    'input_tokens', payload ->> 'input_tokens', 'output_tokens', payload ->> 'output_tokens', 'thinking_tokens', 0,
    'cache_read_input_tokens', payload ->> 'cache_read_input_tokens',
    'cache_creation_5m_input_tokens', payload ->> 'cache_creation_input_tokens',
    'cache_creation_1h_input_tokens', 0, 'web_search_requests', 0,
    'cost_usd', payload ->> 'cost_usd', 'reported_cost_usd', payload ->> 'cost_usd',
    'occurred_at', payload ->> 'occurred_at', 'version', 0)
  WHERE kind = 'usage';
`;

const json = <Schema extends z.ZodType>(schema: Schema) =>
  z.string().transform((text) => schema.parse(JSON.parse(text)));
const tokens = z.number().nonnegative();

const rowSchema = z.object({
  turn_id: z.string(),
  model: z.string(),
  /** Answers that the gateway counted. */
  requests: z.number(),
  /** Of these: cut off before they said what they used. */
  estimated_requests: z.number(),
  /** Of these: by a model whose price nobody has said. */
  unpriced_requests: z.number(),
  counted: json(
    z.object({
      input_tokens: tokens,
      output_tokens: tokens,
      thinking_tokens: tokens,
      cache_read_input_tokens: tokens,
      cache_creation_5m_input_tokens: tokens,
      cache_creation_1h_input_tokens: tokens,
      web_search_requests: tokens,
    }),
  ),
  counted_cost_usd: z.number(),
  reported: json(reportedModelSchema).nullable(),
  /** When the turn first used the model. */
  occurred_at: z.string(),
  version: z.number(),
});
export type TurnUsageRow = z.infer<typeof rowSchema>;

/** One answer: `cost_usd` is null when nobody has said the model's price. */
export type CountedAnswer = { tokens: TokenUsage; cost_usd: number | null; estimated: boolean };

export type UsageStore = {
  /** False for an answer that was counted already. */
  isNew(messageId: string, turnId: string): boolean;
  count(turnId: string, model: string, answer: CountedAnswer): TurnUsageRow;
  report(turnId: string, model: string, reported: ReportedModel): TurnUsageRow;
  /** What is counted twice comes soon after the first time: the answers of earlier turns need not be known. */
  forgetAnswers(exceptOfTurn: string): void;
};

export function createUsageStore(sql: ObjectSql, nowIso: () => string): UsageStore {
  const find = (turnId: string, model: string): TurnUsageRow | null => {
    const [row] = sql.exec("SELECT * FROM turn_usage WHERE turn_id = ? AND model = ?", turnId, model).toArray();
    return row === undefined ? null : rowSchema.parse(row);
  };
  const put = (row: TurnUsageRow): TurnUsageRow => {
    sql.exec(
      "INSERT OR REPLACE INTO turn_usage VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      row.turn_id,
      row.model,
      row.requests,
      row.estimated_requests,
      row.unpriced_requests,
      JSON.stringify(row.counted),
      row.counted_cost_usd,
      row.reported === null ? null : JSON.stringify(row.reported),
      row.occurred_at,
      row.version,
    );
    return row;
  };
  const next = (turnId: string, model: string): TurnUsageRow => {
    const row = find(turnId, model) ?? { ...EMPTY, turn_id: turnId, model, occurred_at: nowIso() };
    return { ...row, version: row.version + 1 };
  };
  return {
    isNew: (messageId, turnId) =>
      sql.exec("INSERT OR IGNORE INTO counted_answers VALUES (?, ?)", messageId, turnId).rowsWritten > 0,
    count: (turnId, model, answer) => put(withAnswer(next(turnId, model), answer)),
    report: (turnId, model, reported) => put({ ...next(turnId, model), reported }),
    forgetAnswers: (turnId) => void sql.exec("DELETE FROM counted_answers WHERE turn_id != ?", turnId),
  };
}

const EMPTY = {
  requests: 0,
  estimated_requests: 0,
  unpriced_requests: 0,
  counted: NO_TOKENS,
  counted_cost_usd: 0,
  reported: null,
  version: 0,
};

function withAnswer(row: TurnUsageRow, { tokens: used, cost_usd, estimated }: CountedAnswer): TurnUsageRow {
  return {
    ...row,
    requests: row.requests + 1,
    estimated_requests: row.estimated_requests + (estimated ? 1 : 0),
    unpriced_requests: row.unpriced_requests + (cost_usd === null ? 1 : 0),
    counted: addTokens(row.counted, used),
    counted_cost_usd: row.counted_cost_usd + (cost_usd ?? 0),
  };
}
