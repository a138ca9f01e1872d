// get_usage_analytics: what was used and what it cost, by day, model, project, person, agent or session.
import { z } from "zod";
import { PRICE_LIST_SOURCE } from "../../../shared/accounting/price-list.ts";
import {
  MAX_SESSION_REPORT_DAYS,
  USAGE_GROUPS,
  usageFiltersSchema,
  usageSumsSchema,
} from "../../../shared/accounting/report.ts";
import { AppError } from "../../../shared/errors/app-error.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { checkReportTime, readReportTime, REPORT_TIME_PROBLEM, reportTimeFields } from "../tool-fields.ts";

const MAX_GROUPS = 400;

export const getUsageAnalytics = defineTool({
  name: "get_usage_analytics",
  title: "Show usage and cost",
  description:
    "Sums up tokens and cost in US dollars by day, model, project, user, agent or session. An owner sees the whole team, everybody else themselves. " +
    "Cost is counted request by request at list prices or the team's own; what Claude Code reports stands beside it, and `differences` names sessions at rest where the two are not the same.",
  scope: "sessions:read",
  toolset: "accounting",
  input: z.strictObject({
    ...reportTimeFields,
    group_by: z.enum(USAGE_GROUPS).default("day").describe("Default `day`."),
    filters: usageFiltersSchema.default({}).describe("Only what has all of these."),
    limit: z
      .int()
      .min(1)
      .max(MAX_GROUPS)
      .default(100)
      .describe(`Groups at most, the dearest first; days in order. 1 to ${MAX_GROUPS}.`),
  }),
  output: z.object({
    from: z.string().describe("First day."),
    to: z.string().describe("Last day."),
    groups: z.array(
      usageSumsSchema.extend({
        key: z.string().describe("The date, the model, or the id; empty for no agent."),
        name: z.string().nullable(),
      }),
    ),
    has_more: z.boolean(),
    totals: usageSumsSchema.describe("Of all groups, also those that are not shown."),
    prices: z.object({ as_of: z.string(), source: z.string() }).describe("The list; a team's own prices go before it."),
    differences: z
      .array(z.object({ session_id: z.string(), cost_usd: z.number(), reported_cost_usd: z.number() }))
      .nullable()
      .describe(
        `Sessions at rest whose cost is not what Claude Code reported, to 0.1 %; the current hour is left out. Null where sessions are not looked at: over more than ${MAX_SESSION_REPORT_DAYS} days, or too long ago.`,
      ),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run({ group_by, filters, limit, ...time }, { principal, services }) {
    if (!checkReportTime(time))
      throw new AppError("invalid_argument", `The arguments are not valid: ${REPORT_TIME_PROBLEM}.`);
    const when = readReportTime(time);
    const [report, differences] = await Promise.all([
      services.usage.report(principal, { ...when, group_by, filters, limit }),
      services.usage.differences(principal, when),
    ]);
    return { ...report, prices: PRICE_LIST_SOURCE, differences };
  },
});
