// get_budgets: which limits hold, and how much of them is used.
import { z } from "zod";
import { budgetSchema } from "../../../shared/budgets/budget-kind.ts";
import { projectNameSchema } from "../../../shared/projects/schema.ts";
import { defineTool } from "../../mcp/define-tool.ts";

export const getBudgets = defineTool({
  name: "get_budgets",
  title: "Show budgets",
  description:
    "Shows the limits in US dollars that your work counts against, with what is spent and set aside for requests under way. An owner also sees all budgets of the team.",
  scope: "configuration:read",
  toolset: "accounting",
  input: z.strictObject({ project: projectNameSchema.optional().describe("Its limits, too.") }),
  output: z.object({
    limits: z.array(
      z.object({
        subject: z.string().describe("`team`, or user:, project: or agent: with its id."),
        kind: z.enum(["day", "month"]).describe("In UTC."),
        limit_usd: z.number(),
        spent_usd: z.number(),
        reserved_usd: z.number().describe("Set aside for requests that run now."),
      }),
    ),
    budgets: z
      .array(
        z.object({
          name: z.string(),
          budget: budgetSchema.nullable().describe("null: cannot be read; nothing is let through."),
        }),
      )
      .describe("All of the team; empty for who is not an owner."),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  run: ({ project }, { principal, services }) => services.budgets.show(principal, project ?? null),
});
