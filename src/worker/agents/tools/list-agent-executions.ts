// list_agent_executions: the person's executions of agents, newest first.
import { z } from "zod";
import { executionStatusSchema } from "../../../shared/agents/execution.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { encodePageCursor, pageCursorField } from "../../sessions/page-cursor.ts";
import { listedExecutionSchema, showListed } from "../execution-fields.ts";
import { agentIdField } from "../tool-fields.ts";

export const listAgentExecutions = defineTool({
  name: "list_agent_executions",
  title: "List executions",
  description:
    "Lists your executions of agents, newest first, with status, time, tokens and cost. What has just changed may be a " +
    "moment late here; get_agent_execution is not.",
  scope: "sessions:read",
  toolset: "agents",
  input: z.strictObject({
    agent_id: agentIdField.optional().describe("Only those of this agent."),
    status: executionStatusSchema.optional().describe("Only those that stand so."),
    cursor: pageCursorField.optional().describe("next_cursor of the page before."),
    limit: z.int().min(1).max(50).default(20).describe("How many at most, 1 to 50. Default 20."),
  }),
  output: z.object({ executions: z.array(listedExecutionSchema), next_cursor: z.string().nullable() }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run({ agent_id, status, cursor, limit }, { principal, services }) {
    const filter = { agent_id: agent_id ?? null, status: status ?? null, after: cursor ?? null, limit: limit + 1 };
    const rows = await services.executions.list(principal, filter);
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    const next =
      rows.length <= limit || last === undefined
        ? null
        : encodePageCursor({ created_at: last.created_at, session_id: last.execution_id });
    return { executions: page.map((row) => showListed(row, Date.now())), next_cursor: next };
  },
});
