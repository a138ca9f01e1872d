// Where the workspace's timeline stands: its head, what turns have used since, and how far each conversation was.
import { z } from "zod";
import { conversationMarkSchema, type ConversationMark } from "../../shared/checkpoints/format.ts";
import {
  checkpointStrategySchema,
  DEFAULT_CHECKPOINT_STRATEGY,
  type CheckpointRecord,
  type CheckpointStrategy,
} from "../../shared/checkpoints/schema.ts";
import type { TurnEnding } from "../../shared/rpc/workspace-api.ts";
import type { ObjectSql } from "../sql/migrate.ts";

/** Conversations that a manifest names at most: the newest. */
const MAX_MARKS = 1000;

const rowSchema = z.object({
  strategy: checkpointStrategySchema.nullable(),
  // Written by this object alone, from a record that it made.
  head: z
    .string()
    .nullable()
    .transform((text): CheckpointRecord | null => (text === null ? null : JSON.parse(text))),
  /** The newest that is no autosave: the parent of the next one. */
  visible_id: z.string().nullable(),
  begun: z.number(),
  ended_turns: z.number(),
  saved_turns: z.number(),
  model: z.string().nullable(),
  input_tokens: z.number(),
  output_tokens: z.number(),
});

export type SpentTokens = { model: string | null; input_tokens: number; output_tokens: number };

export type TimelineStore = {
  head(): CheckpointRecord | null;
  visibleId(): string | null;
  setHead(record: CheckpointRecord): void;
  strategy(): CheckpointStrategy;
  setStrategy(strategy: CheckpointStrategy): void;
  isBegun(): boolean;
  setBegun(): void;
  /** Turns that have ended so far: what is read from here on holds their work. */
  endedTurns(): number;
  noteTurn(ending: TurnEnding): void;
  noteSaved(endedTurns: number): void;
  /** A turn has ended whose work no checkpoint holds. */
  isUnsaved(): boolean;
  spent(): SpentTokens;
  /** These belong to a checkpoint from here on. */
  clearSpent(spent: SpentTokens): void;
  mark(mark: ConversationMark, nowMs: number): void;
  marks(): ConversationMark[];
};

export function createTimelineStore(sql: ObjectSql): TimelineStore {
  const row = () => rowSchema.parse(sql.exec("SELECT * FROM timeline").one());
  return {
    head: () => row().head,
    visibleId: () => row().visible_id,
    setHead(record) {
      sql.exec("UPDATE timeline SET head = ?", JSON.stringify(record));
      if (record.kind !== "autosave") sql.exec("UPDATE timeline SET visible_id = ?", record.checkpoint_id);
    },
    strategy: () => row().strategy ?? DEFAULT_CHECKPOINT_STRATEGY,
    setStrategy: (strategy) => void sql.exec("UPDATE timeline SET strategy = ?", strategy),
    isBegun: () => row().begun === 1,
    setBegun: () => void sql.exec("UPDATE timeline SET begun = 1"),
    endedTurns: () => row().ended_turns,
    noteTurn({ model, usage }) {
      sql.exec(
        `UPDATE timeline SET ended_turns = ended_turns + 1, model = coalesce(?, model),
           input_tokens = input_tokens + ?, output_tokens = output_tokens + ?`,
        model,
        usage?.input_tokens ?? 0,
        usage?.output_tokens ?? 0,
      );
    },
    noteSaved: (endedTurns) => void sql.exec("UPDATE timeline SET saved_turns = max(saved_turns, ?)", endedTurns),
    isUnsaved: () => row().ended_turns > row().saved_turns,
    spent() {
      const { model, input_tokens, output_tokens } = row();
      return { model, input_tokens, output_tokens };
    },
    clearSpent({ input_tokens, output_tokens }) {
      sql.exec(
        `UPDATE timeline SET input_tokens = input_tokens - ?1, output_tokens = output_tokens - ?2,
           model = iif(input_tokens = ?1 AND output_tokens = ?2, NULL, model)`,
        input_tokens,
        output_tokens,
      );
    },
    mark(mark, nowMs) {
      sql.exec(
        "INSERT OR REPLACE INTO conversation_marks (session_id, mark, changed_at) VALUES (?, ?, ?)",
        mark.session_id,
        JSON.stringify(mark),
        nowMs,
      );
    },
    marks: () =>
      sql
        .exec<{ mark: string }>("SELECT mark FROM conversation_marks ORDER BY changed_at DESC LIMIT ?", MAX_MARKS)
        .toArray()
        .map(({ mark }) => conversationMarkSchema.parse(JSON.parse(mark))),
  };
}
