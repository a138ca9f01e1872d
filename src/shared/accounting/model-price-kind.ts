// A team's own price of a model, with its date and source: goes before the list, and names models that the list does not.
import { z } from "zod";
import { modelNameSchema } from "../sessions/schema.ts";
import { canonicalModel } from "./price-list.ts";

const usd = z.number().nonnegative().max(10_000);

export const modelPriceSchema = z.strictObject({
  /** US dollars for a million tokens. */
  input: usd,
  output: usd,
  cache_read: usd,
  cache_write_5m: usd,
  cache_write_1h: usd,
  /** US dollars for one search. */
  web_search: usd.default(0.01),
  /** Since when, and by which contract or page. */
  as_of: z.iso.date(),
  source: z.string().trim().min(1).max(500),
});

export function modelPriceNameProblem(name: string): string | null {
  if (modelNameSchema.safeParse(name).success && canonicalModel(name) === name) return null;
  return "The name must be a model's, in small letters and without date and provider, such as claude-sonnet-5.";
}
