// What the tools of executions share: how one is shown, and how an agent's went on the whole.
import { z } from "zod";
import { elapsedSeconds, executionStatusSchema } from "../../shared/agents/execution.ts";
import { uuidSchema } from "../../shared/ids.ts";
import type { Services } from "../mcp/tool-context.ts";
import { showPending } from "../permissions/permission-service.ts";
import { pendingField, resultField, showResult } from "../sessions/tool-fields.ts";
import type { Execution } from "./execution-service.ts";
import type { ExecutionRow, Used } from "./execution-store.ts";

export const executionIdField = uuidSchema.describe("The execution's id, as execute_agent gives it.");

const usedFields = {
  input_tokens: z.int().describe("Those read from and written to caches included."),
  output_tokens: z.int(),
  cost_usd: z.number().nullable().describe("US dollars; null while nobody has said what a model costs."),
};

const commonFields = {
  execution_id: z.string(),
  agent_id: z.string(),
  agent: z.string(),
  agent_version: z.int(),
  project: z.string(),
  task: z.string().describe("Its beginning."),
  status: executionStatusSchema,
  reason: z.string().nullable().describe("Why it ended that way, or what it waits for."),
  created_at: z.string(),
  elapsed_seconds: z.number().nullable().describe("Since it began, or until its end; null before."),
  ...usedFields,
};

export const listedExecutionSchema = z.object(commonFields);

export const executionSchema = z.object({
  ...commonFields,
  session_id: z.string().describe("For wait_for_session and execute_claude: the session that it is."),
  result: resultField,
  pending_permissions: pendingField,
});

export const statisticsSchema = z
  .object({
    executions: z.int(),
    running: z.int(),
    success_rate: z.number().nullable(),
    median_seconds: z.number().nullable(),
    median_cost_usd: z.number().nullable(),
  })
  .describe("Of its newest 1,000 executions in the team. Rate and medians leave out what was cancelled and what runs.");

const NOTHING_USED: Used = { input_tokens: 0, output_tokens: 0, cost_usd: 0 };

export function showListed(
  { used, started_at, ended_at, ...row }: ExecutionRow & { used: Used | null },
  nowMs: number,
): z.input<typeof listedExecutionSchema> {
  return { ...row, elapsed_seconds: elapsedSeconds({ started_at, ended_at }, nowMs), ...(used ?? NOTHING_USED) };
}

export function showExecution(
  { view, status, used }: Execution,
  { permissions }: Pick<Services, "permissions">,
  nowMs: number,
): z.input<typeof executionSchema> {
  const { session, turn, result, pending_permissions } = view;
  const { agent } = session;
  if (agent === undefined) throw new Error("an execution is shown of a session that runs as an agent");
  const times = { started_at: turn?.started_at ?? null, ended_at: turn?.ended_at ?? null };
  return {
    execution_id: session.session_id,
    session_id: session.session_id,
    agent_id: agent.agent_id,
    agent: agent.name,
    agent_version: agent.version,
    project: session.project,
    task: session.title,
    status,
    reason: turn?.reason ?? session.status_reason,
    created_at: session.created_at,
    elapsed_seconds: elapsedSeconds(times, nowMs),
    ...(used ?? NOTHING_USED),
    ...showResult(result),
    pending_permissions: showPending(permissions, session.session_id, pending_permissions),
  };
}
