// The D1 tables of what models used: one row a turn and model, and sums of them for reports, kept by triggers.
import { index, integer, primaryKey, real, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** What a turn used of a model; see shared/accounting. A later count of the same turn and model takes its place. */
export const modelUsage = sqliteTable(
  "model_usage",
  {
    turnId: text().notNull(),
    sessionId: text().notNull(),
    teamId: text().notNull(),
    userId: text().notNull(),
    projectId: text().notNull(),
    /** The agent whose execution it was; null for none. */
    agentId: text(),
    /** Canonical, without date and provider. */
    model: text().notNull(),
    /** What ran it. */
    runtime: text({ enum: ["claude_code"] }).notNull(),
    /** Answers of the model; 0 when only Claude Code has said what was used. */
    requests: integer().notNull(),
    /** Of these: cut off before they said what they used. */
    estimatedRequests: integer().notNull(),
    inputTokens: integer().notNull(),
    /** Thinking included. */
    outputTokens: integer().notNull(),
    thinkingTokens: integer().notNull(),
    cacheReadInputTokens: integer().notNull(),
    cacheCreation5mInputTokens: integer("cache_creation_5m_input_tokens").notNull(),
    cacheCreation1hInputTokens: integer("cache_creation_1h_input_tokens").notNull(),
    webSearchRequests: integer().notNull(),
    /** US dollars; null when nobody has said what the model costs. */
    costUsd: real(),
    /** What Claude Code itself says; null when it did not. */
    reportedCostUsd: real(),
    occurredAt: text().notNull(),
    version: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.turnId, table.model] }),
    index("model_usage_team_time").on(table.teamId, table.occurredAt),
    index("model_usage_session").on(table.sessionId),
  ],
);

const sums = {
  /** Answers of models. */
  requests: integer().notNull().default(0),
  inputTokens: integer().notNull().default(0),
  outputTokens: integer().notNull().default(0),
  thinkingTokens: integer().notNull().default(0),
  cacheReadInputTokens: integer().notNull().default(0),
  cacheCreation5mInputTokens: integer("cache_creation_5m_input_tokens").notNull().default(0),
  cacheCreation1hInputTokens: integer("cache_creation_1h_input_tokens").notNull().default(0),
  webSearchRequests: integer().notNull().default(0),
  /** Of models whose price is known. */
  costUsd: real().notNull().default(0),
  /** Of models whose price is not. */
  unpricedRequests: integer().notNull().default(0),
  reportedCostUsd: real().notNull().default(0),
};
/** ISO 8601 cut to the hour, such as 2026-11-21T19, in UTC. */
const hour = () => text().notNull();
/** Empty for none. */
const agentId = () => text().notNull();

/** By session: what every other report can be had from. */
export const usageHourly = sqliteTable(
  "usage_hourly",
  {
    teamId: text().notNull(),
    hour: hour(),
    sessionId: text().notNull(),
    model: text().notNull(),
    userId: text().notNull(),
    projectId: text().notNull(),
    agentId: agentId(),
    ...sums,
  },
  (table) => [
    primaryKey({ columns: [table.teamId, table.hour, table.sessionId, table.model] }),
    // For one person's, or one project's, days of any time zone over long ranges.
    index("usage_hourly_user").on(table.teamId, table.userId, table.hour),
    index("usage_hourly_project").on(table.teamId, table.projectId, table.hour),
  ],
);

/** Whole days in UTC, without sessions: for the middle of long ranges. */
export const usageDaily = sqliteTable(
  "usage_daily",
  {
    teamId: text().notNull(),
    /** ISO 8601 date. */
    day: text().notNull(),
    userId: text().notNull(),
    projectId: text().notNull(),
    agentId: agentId(),
    model: text().notNull(),
    ...sums,
  },
  (table) => [
    primaryKey({ columns: [table.teamId, table.day, table.userId, table.projectId, table.agentId, table.model] }),
  ],
);

/** The team as a whole: days of any time zone over long ranges. */
export const usageTeamHourly = sqliteTable(
  "usage_team_hourly",
  { teamId: text().notNull(), hour: hour(), model: text().notNull(), ...sums },
  (table) => [primaryKey({ columns: [table.teamId, table.hour, table.model] })],
);
