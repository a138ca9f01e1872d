// Budgets for people: set as team configuration, and how they stand.
import { type Budget, budgetSchema } from "../../shared/budgets/budget-kind.ts";
import type { MoneyState } from "../../shared/budgets/budget-policy.ts";
import type { TeamApi } from "../../shared/rpc/team-api.ts";
import { mayOversee, type Principal } from "../../shared/teams/principal.ts";
import type { ChangeOutcome, ConfigurationService } from "../configuration/configuration-service.ts";

export type BudgetSubject =
  | { kind: "team" | "each_user" }
  | { kind: "user" | "agent"; id: string }
  /** By its name. */
  | { kind: "project"; name: string };

export type BudgetRow = { name: string; budget: Budget | null };

export type BudgetService = {
  /** Null removes it. A limit that grows or goes waits for a person. */
  set(
    principal: Principal,
    request: { subject: BudgetSubject; budget: Budget | null; client: string },
  ): Promise<ChangeOutcome>;
  /** An owner sees all, everybody else the limits that their own work counts against. */
  show(principal: Principal, project: string | null): Promise<{ budgets: BudgetRow[]; limits: MoneyState[] }>;
};

type Options = {
  configuration: Pick<ConfigurationService, "change" | "items" | "places">;
  findProject(principal: Principal, name: string): Promise<{ project_id: string }>;
  team(teamId: string): Pick<TeamApi, "budgetStates">;
};

const TEAM = { scope: "team", project: null, session_id: null } as const;
/** No project, so that none of theirs is shown. */
const NO_PROJECT = "none";

export function createBudgetService({ configuration, findProject, team }: Options): BudgetService {
  const nameOf = async (principal: Principal, subject: BudgetSubject): Promise<string> => {
    if (subject.kind === "project") return `project:${(await findProject(principal, subject.name)).project_id}`;
    return "id" in subject ? `${subject.kind}:${subject.id}` : subject.kind;
  };
  return {
    async set(principal, { subject, budget, client }) {
      const place = await configuration.places.findToChange(principal, TEAM);
      const name = await nameOf(principal, subject);
      const summary = `${budget === null ? "remove" : "set"} the budget ${name}`;
      return configuration.change(principal, {
        place,
        changes: [{ kind: "budget", name, value: budget }],
        summary,
        client,
      });
    },
    async show(principal, project) {
      const { team_id, user_id } = principal;
      const project_id = project === null ? NO_PROJECT : (await findProject(principal, project)).project_id;
      const limits = await team(team_id).budgetStates({ team_id, user_id, project_id, agent_id: null });
      if (!mayOversee(principal)) return { budgets: [], limits };
      const items = await configuration.items(await configuration.places.find(principal, TEAM), principal);
      const budgets = items
        .filter(({ kind }) => kind === "budget")
        .map(({ name, value }) => ({ name, budget: budgetSchema.safeParse(value).data ?? null }));
      return { budgets, limits };
    },
  };
}
