// What a report on usage is asked for and answers: groups, filters, sums.
import { z } from "zod";
import { uuidSchema } from "../ids.ts";
import { modelNameSchema } from "../sessions/schema.ts";
import { isTimeZone } from "./report-range.ts";

export const USAGE_GROUPS = ["day", "model", "project", "user", "agent", "session"] as const;
export type UsageGroup = (typeof USAGE_GROUPS)[number];

/** Longer reports are asked for in parts. */
export const MAX_REPORT_DAYS = 366;
/** Sessions are not summed up by day: more of them take too long to be added up. */
export const MAX_SESSION_REPORT_DAYS = 93;

export const timeZoneSchema = z.string().max(64).refine(isTimeZone, "must be a time zone such as UTC or Europe/Berlin");

export const usageFiltersSchema = z.strictObject({
  model: modelNameSchema.optional(),
  project_id: uuidSchema.optional(),
  user_id: uuidSchema.optional(),
  agent_id: uuidSchema.optional(),
  session_id: uuidSchema.optional(),
});
export type UsageFilters = z.infer<typeof usageFiltersSchema>;

export const usageSumsSchema = z.object({
  requests: z.int().describe("Answers of models."),
  input_tokens: z.int(),
  output_tokens: z.int().describe("Thinking included."),
  thinking_tokens: z.int(),
  cache_read_input_tokens: z.int(),
  cache_creation_5m_input_tokens: z.int(),
  cache_creation_1h_input_tokens: z.int(),
  web_search_requests: z.int(),
  cost_usd: z.number().describe("US dollars, by list prices or the team's own."),
  unpriced_requests: z.int().describe("Of models whose price is unknown: not in cost_usd."),
  reported_cost_usd: z.number().describe("What Claude Code itself reported."),
});
export type UsageSums = z.infer<typeof usageSumsSchema>;
export const SUM_NAMES = Object.keys(usageSumsSchema.shape) as (keyof UsageSums)[];

export const NO_USAGE = Object.fromEntries(SUM_NAMES.map((name) => [name, 0])) as UsageSums;
