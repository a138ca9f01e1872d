// A budget: what a team, a person, a project or an agent may use at most. Set by the team's owners, kept as configuration.
import { z } from "zod";
import { uuidSchema } from "../ids.ts";

const usd = z.number().positive().max(1_000_000);

export const budgetSchema = z
  .strictObject({
    /** US dollars from midnight to midnight, UTC. */
    usd_per_day: usd.optional(),
    /** US dollars in a calendar month, UTC. */
    usd_per_month: usd.optional(),
    /** Turns that begin within 60 minutes. */
    turns_per_hour: z.int().min(1).max(100_000).optional(),
    /** Sessions that work at the same time; others wait. */
    concurrent_sessions: z.int().min(1).max(10_000).optional(),
    /** Minutes in which turns worked in sandboxes, from midnight to midnight, UTC. A sandbox that rests is not counted. */
    sandbox_minutes_per_day: z.number().positive().max(10_000_000).optional(),
  })
  .refine((budget) => Object.values(budget).some((limit) => limit !== undefined), "must have a limit");
export type Budget = z.infer<typeof budgetSchema>;

const BUDGET_LIMITS = [
  "usd_per_day",
  "usd_per_month",
  "turns_per_hour",
  "concurrent_sessions",
  "sandbox_minutes_per_day",
] as const satisfies (keyof Budget)[];

/** `team`, `each_user`, or a `user`, `project` or `agent` by its id: what the items are called. */
const NAME = /^(?:team|each_user|(user|project|agent):(.+))$/;

export function budgetNameProblem(name: string): string | null {
  const [match, , id] = NAME.exec(name) ?? [];
  const isKnown = match !== undefined && (id === undefined || uuidSchema.safeParse(id).success);
  return isKnown ? null : "The name must be team, each_user, or user:, project: or agent: with its id.";
}

/** A limit that goes or grows lets more be used. */
export function widensBudget(before: Budget | null, after: Budget | null): boolean {
  return BUDGET_LIMITS.some((kind) => {
    const was = before?.[kind];
    const becomes = after?.[kind];
    return was !== undefined && (becomes === undefined || becomes > was);
  });
}
