// execute_agent: gives an agent a task, in a session of its own that runs in the background.
import { z } from "zod";
import { attachmentNamesSchema } from "../../../shared/attachments/schema.ts";
import { branchNameSchema, checkpointIdSchema } from "../../../shared/checkpoints/schema.ts";
import { permissionModeSchema } from "../../../shared/permissions/permission-mode.ts";
import { promptSchema, turnOptionsSchema } from "../../../shared/sessions/schema.ts";
import { outputSchemaSchema } from "../../../shared/structured/schema.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { projectField } from "../../sessions/tool-fields.ts";
import { agentIdField } from "../tool-fields.ts";

const fields = turnOptionsSchema.shape;

export const executeAgent = defineTool({
  name: "execute_agent",
  title: "Run an agent",
  description:
    "Gives an agent a task and answers at once: it works in the background, as the newest version of the agent is now. " +
    "get_agent_execution shows how it goes, wait_for_session with the session_id waits for it, and execute_claude goes on " +
    "with the session.",
  scope: "sessions:write",
  toolset: "agents",
  input: z.strictObject({
    agent_id: agentIdField,
    task: promptSchema.optional().describe("What it is to do; its default task when left out. At most 256 KB."),
    project: projectField.optional().describe("The project to work in. Default: your project `default`."),
    branch: branchNameSchema.optional().describe("The project's branch. Default `main`."),
    checkpoint_id: checkpointIdSchema.optional().describe("Begin a branch from this checkpoint."),
    model: fields.model.describe("Another model than the agent's."),
    permission_mode: fields.permission_mode.describe(
      "What it may do without asking. Default acceptEdits; cut to the ceiling that a person set.",
    ),
    allowed_tools: fields.allowed_tools.describe("The only tools that may run. It narrows what the agent has."),
    max_turns: fields.max_turns.describe("How often the model may be asked at most."),
    max_budget_usd: fields.max_budget_usd.describe(
      "What this turn may cost, in US dollars, in place of the agent's budget.",
    ),
    priority: fields.priority.describe(
      "Which of your own waiting turns goes first when running ones are limited. Default normal.",
    ),
    timeout_seconds: fields.timeout_seconds.describe("How long it may run before it is stopped. Default one hour."),
    output_schema: outputSchemaSchema
      .optional()
      .describe("A JSON Schema with type object: result.structured then holds an answer that fits it."),
    attachments: attachmentNamesSchema
      .optional()
      .describe("Files that come with the task, as execute_claude takes them."),
    idempotency_key: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .describe("A text of your choice: a repeated call with the same key gets the first answer."),
  }),
  output: z.object({
    execution_id: z.string(),
    session_id: z.string().describe("The session that the execution is; the same as execution_id."),
    turn_id: z.string(),
    cursor: z.int().nonnegative(),
    agent: z.string(),
    agent_version: z.int().describe("The version that it runs as, whatever becomes of the agent."),
    permission_mode: permissionModeSchema,
    notes: z.array(z.string()).describe("What is different from what was asked for, in words."),
  }),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
  async run({ agent_id, task, project, branch, checkpoint_id, ...further }, { principal, services, traceparent }) {
    const { attachments, idempotency_key, ...options } = further;
    const { submitted, cutFrom } = await services.executions.start(principal, {
      agent_id,
      task: task ?? null,
      project: project ?? null,
      branch: branch ?? null,
      checkpoint_id: checkpoint_id ?? null,
      attachments: attachments ?? [],
      idempotency_key: idempotency_key ?? null,
      options,
      traceparent,
    });
    const { session_id, turn_id, cursor, permission_mode, agent } = submitted;
    if (agent === undefined) throw new Error("an execution runs as an agent");
    const cut = `permission_mode ${cutFrom} was cut to ${permission_mode}, the ceiling that a person set.`;
    const notes = cutFrom === null ? [] : [cut];
    return {
      execution_id: session_id,
      session_id,
      turn_id,
      cursor,
      agent: agent.name,
      agent_version: agent.version,
      permission_mode,
      notes,
    };
  },
});
