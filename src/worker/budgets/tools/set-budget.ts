// set_budget: what the team, each person, one person, a project or an agent may use at most.
import { z } from "zod";
import { budgetSchema } from "../../../shared/budgets/budget-kind.ts";
import { AppError } from "../../../shared/errors/app-error.ts";
import { uuidSchema } from "../../../shared/ids.ts";
import { outcomeSchema, showOutcome } from "../../configuration/tool-fields.ts";
import { projectNameSchema } from "../../../shared/projects/schema.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import type { BudgetSubject } from "../budget-service.ts";

const input = z.strictObject({
  of: z
    .enum(["team", "each_user", "user", "project", "agent"])
    .describe("`each_user`: everybody, beside their own. `user`, `agent`: give id. `project`: give its name."),
  id: uuidSchema.optional().describe("The person's id, as get_usage_analytics by user gives it, or the agent's."),
  project: projectNameSchema.optional().describe("The project's name, with of: project."),
  budget: budgetSchema
    .nullable()
    .describe(
      "usd_per_day, usd_per_month (UTC), turns_per_hour, concurrent_sessions, sandbox_minutes_per_day: all of its limits from now on. null removes it.",
    ),
});

export const setBudget = defineTool({
  name: "set_budget",
  title: "Set a budget",
  description:
    "Limits what may be used: US dollars a day or month, turns an hour, sessions at once, sandbox minutes a day. Each request to a model is refused once a limit is reached, " +
    "and the session stops as budget_exceeded until it is raised or begins anew. A limit that grows or goes is only proposed: a person confirms it at confirm_url.",
  scope: "configuration:write",
  toolset: "accounting",
  input,
  output: outcomeSchema,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  async run({ budget, ...whose }, { principal, clientId, services }) {
    return showOutcome(await services.budgets.set(principal, { subject: toSubject(whose), budget, client: clientId }));
  },
});

function toSubject({ of, id, project }: Omit<z.output<typeof input>, "budget">): BudgetSubject {
  const isFitting =
    (id !== undefined) === (of === "user" || of === "agent") && (project !== undefined) === (of === "project");
  if (!isFitting)
    throw new AppError("invalid_argument", "Give id with user and agent, project with project, and neither otherwise.");
  if (of === "project") return { kind: of, name: project ?? "" };
  return of === "user" || of === "agent" ? { kind: of, id: id ?? "" } : { kind: of };
}
