// What Claude Code itself says that models used: totals by model, which run on over turns, resumes and forks.
import { z } from "zod";
import { canonicalModel } from "./price-list.ts";
import { NO_TOKENS } from "./token-usage.ts";

/** It comes from the agent's own side of the sandbox: what nobody can have used is taken for nothing. */
const amount = z.number().nonnegative().max(1e12).catch(0);
const dollars = z.number().nonnegative().max(1e6).catch(0);

export const reportedModelSchema = z.object({
  /** US dollars. A guess where Claude Code does not know the model's price. */
  cost_usd: dollars,
  input_tokens: amount,
  output_tokens: amount,
  thinking_tokens: amount,
  cache_read_input_tokens: amount,
  cache_creation_5m_input_tokens: amount,
  cache_creation_1h_input_tokens: amount,
  web_search_requests: amount,
});
export type ReportedModel = z.infer<typeof reportedModelSchema>;
/** By the model's canonical name. */
export const reportedUsageSchema = z.record(z.string().max(256), reportedModelSchema);
export type ReportedUsage = z.infer<typeof reportedUsageSchema>;

const AMOUNTS = ["cost_usd", ...Object.keys(NO_TOKENS)] as (keyof ReportedModel)[];

const cliModelSchema = z.looseObject({
  inputTokens: amount,
  outputTokens: amount,
  thinkingTokens: amount,
  cacheReadInputTokens: amount,
  cacheCreationInputTokens: amount,
  cacheCreationEphemeral1hInputTokens: amount,
  webSearchRequests: amount,
  costUSD: dollars,
});

/** More models than a session can have used: what is beyond is left out. */
const MAX_MODELS = 100;

/** From a result's `modelUsage`; two spellings of one model are one. */
export function readReportedUsage(modelUsage: unknown): ReportedUsage {
  const parsed = z.record(z.string(), cliModelSchema).safeParse(modelUsage);
  const usage: ReportedUsage = {};
  if (!parsed.success) return usage;
  for (const [name, model] of Object.entries(parsed.data).slice(0, MAX_MODELS)) {
    const key = canonicalModel(name).slice(0, 256);
    usage[key] = combine(usage[key] ?? NOTHING, toReported(model), (a, b) => a + b);
  }
  return usage;
}

/** What came on top of `before`. A total that is lower than before began anew: all of it is new. */
export function differenceOf(after: ReportedUsage, before: ReportedUsage): ReportedUsage {
  const entries = Object.entries(after).map(([name, now]): [string, ReportedModel] => {
    const then = before[name] ?? NOTHING;
    const beganAnew = now.output_tokens < then.output_tokens || now.cost_usd < then.cost_usd;
    return [name, beganAnew ? now : combine(now, then, (a, b) => Math.max(0, a - b))];
  });
  return Object.fromEntries(entries.filter(([, used]) => AMOUNTS.some((kind) => used[kind] > 0)));
}

const NOTHING: ReportedModel = { cost_usd: 0, ...NO_TOKENS };

function toReported(model: z.infer<typeof cliModelSchema>): ReportedModel {
  const oneHour = Math.min(model.cacheCreationEphemeral1hInputTokens, model.cacheCreationInputTokens);
  return {
    cost_usd: model.costUSD,
    input_tokens: model.inputTokens,
    output_tokens: model.outputTokens,
    thinking_tokens: model.thinkingTokens,
    cache_read_input_tokens: model.cacheReadInputTokens,
    cache_creation_5m_input_tokens: model.cacheCreationInputTokens - oneHour,
    cache_creation_1h_input_tokens: oneHour,
    web_search_requests: model.webSearchRequests,
  };
}

function combine(a: ReportedModel, b: ReportedModel, join: (a: number, b: number) => number): ReportedModel {
  return Object.fromEntries(AMOUNTS.map((kind) => [kind, join(a[kind], b[kind])])) as ReportedModel;
}
