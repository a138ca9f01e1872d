// What the delegation tools share: where a task works, how urgent it is, and how it is shown.
import { z } from "zod";
import { TASK_TYPES } from "../../shared/delegation/tasks.ts";
import { executionStatus, executionStatusSchema } from "../../shared/agents/execution.ts";
import { branchNameSchema } from "../../shared/checkpoints/schema.ts";
import { uuidSchema } from "../../shared/ids.ts";
import { turnOptionsSchema } from "../../shared/sessions/schema.ts";
import { prioritySchema } from "../../shared/teams/priority.ts";
import type { Services, ToolContext } from "../mcp/tool-context.ts";
import { showPending } from "../permissions/permission-service.ts";
import { pendingField, projectField, resultField, showResult } from "../sessions/tool-fields.ts";
import type { Delegated, DelegatedTask } from "./delegation-service.ts";

const turn = turnOptionsSchema.shape;

export const descriptionField = z.string().min(1).max(100_000).describe("What is to be done, in words.");
export const taskIdField = uuidSchema.describe("The task's id, as delegate_task gives it.");

export const placeFields = {
  project: projectField.describe("The project to work in."),
  branch: branchNameSchema.optional().describe("The project's branch. Default `main`."),
  priority: prioritySchema
    .optional()
    .describe("Which of your own waiting turns goes first when running ones are limited. Default normal."),
  model: turn.model.describe("The model that works on it. Without it, Claude Code's own choice."),
  permission_mode: turn.permission_mode.describe(
    "What it may do without asking. Default acceptEdits; cut to the ceiling that a person set.",
  ),
  max_budget_usd: turn.max_budget_usd.describe("What it may cost, in US dollars."),
  timeout_seconds: turn.timeout_seconds.describe("How long it may run before it is stopped. Default one hour."),
  idempotency_key: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe("A text of your choice: a repeated call with the same key gets the first answer."),
};

export const startedSchema = z.object({
  task_id: z.string(),
  session_id: z.string().describe("The session that works on it; the same as task_id. wait_for_session waits for it."),
  turn_id: z.string(),
  cursor: z.int().nonnegative(),
});

const placeSchema = z.object(placeFields);
type Place = z.output<typeof placeSchema>;
type Asked = Pick<DelegatedTask, "type" | "description" | "parameters">;

export async function startTask(
  asked: Asked,
  { project, branch, idempotency_key, ...options }: Place,
  { principal, services, traceparent }: Pick<ToolContext, "principal" | "services" | "traceparent">,
): Promise<z.input<typeof startedSchema>> {
  const place = { traceparent, project, branch: branch ?? null, idempotency_key: idempotency_key ?? null };
  const { submitted } = await services.delegation.start(principal, { ...asked, ...place, options });
  const { session_id, turn_id, cursor } = submitted;
  return { task_id: session_id, session_id, turn_id, cursor };
}

export const delegatedSchema = z.object({
  task_id: z.string(),
  type: z.enum(TASK_TYPES),
  project: z.string(),
  status: executionStatusSchema,
  reason: z.string().nullable(),
  verdict: z
    .object({
      state: z
        .enum(["pending", "valid", "invalid"])
        .describe("`pending`: the files that it names are not kept yet; ask again in a moment."),
      problems: z.array(z.string()).describe("What is wrong with the answer."),
      unchecked: z
        .array(z.string())
        .describe("Files whose language is not known here, so that nothing is said of them."),
    })
    .nullable()
    .describe("Whether the answer is what its kind asks for; null until there is one."),
  result: resultField,
  pending_permissions: pendingField,
});

export function showDelegated(
  { type, view, verdict }: Delegated,
  { permissions }: Pick<Services, "permissions">,
): z.input<typeof delegatedSchema> {
  const { session, result, pending_permissions } = view;
  const state = view.turn === null ? null : { status: view.turn.status, result };
  return {
    task_id: session.session_id,
    type,
    project: session.project,
    status: executionStatus(session.status, state),
    reason: view.turn?.reason ?? session.status_reason,
    verdict,
    ...showResult(result),
    pending_permissions: showPending(permissions, session.session_id, pending_permissions),
  };
}
