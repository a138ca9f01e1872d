// fork_checkpoint: goes on from a checkpoint in a branch or project of its own, and if asked with its conversation.
import { z } from "zod";
import { branchNameSchema } from "../../../shared/checkpoints/schema.ts";
import { uuidSchema } from "../../../shared/ids.ts";
import { projectNameSchema } from "../../../shared/projects/schema.ts";
import { promptSchema, turnOptionsSchema } from "../../../shared/sessions/schema.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import type { ToolContext } from "../../mcp/tool-context.ts";
import type { ForkedCheckpoint } from "../forking/fork-service.ts";
import { checkpointIdField } from "../tool-fields.ts";

const turnSchema = z.object({
  session_id: z.string(),
  turn_id: z.string(),
  cursor: z.int().describe("Give this to wait_for_session as after_cursor."),
});

export const forkCheckpoint = defineTool({
  name: "fork_checkpoint",
  title: "Fork a checkpoint",
  description:
    "Goes on from a checkpoint elsewhere: in a new branch, or a new project, with files and a sandbox of its own. " +
    "With `session` a new session continues the conversation as it was then; with `prompt` work begins at once. " +
    "The source is not changed, so several forks try different ways at the same time.",
  scope: "sessions:write",
  toolset: "checkpoints",
  input: z.strictObject({
    checkpoint_id: checkpointIdField,
    branch: branchNameSchema.optional().describe("The new branch's name. Without it and `project`, one is made up."),
    project: projectNameSchema.optional().describe("The name of a new project, instead of a branch."),
    session: z
      .union([z.boolean(), uuidSchema])
      .default(false)
      .describe("True: continue the conversation that the checkpoint belongs to. Or the id of one that it names."),
    prompt: promptSchema.optional().describe("What Claude Code is to do there, in words."),
    idempotency_key: z
      .string()
      .min(1)
      .max(190)
      .optional()
      .describe("A text of your choice: a repeated call with the same key finds what the first one made."),
  }),
  output: z.object({
    project: z.string(),
    branch: z.string(),
    base_checkpoint_id: z.string(),
    session: z
      .object({ session_id: z.string(), source_session_id: z.string(), at_event: z.int() })
      .nullable()
      .describe("The new session, and where the conversation that it continues was."),
    turn: turnSchema.nullable().describe("What the prompt began; wait_for_session follows it."),
  }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true },
  async run(args, context) {
    const { checkpoint_id, branch, project, session, prompt, idempotency_key } = args;
    const key = idempotency_key ?? null;
    const forked = await context.services.checkpoints.forking.fork(context.principal, {
      checkpoint_id,
      branch: branch ?? null,
      project: project ?? null,
      session,
      idempotency_key: key,
    });
    return {
      project: forked.place.name,
      branch: forked.place.branch,
      base_checkpoint_id: forked.base.checkpoint_id,
      session: forked.session,
      turn: prompt === undefined ? null : await begin(context, forked, { prompt, key }),
    };
  },
});

async function begin(
  { principal, services, reportProgress, signal, traceparent }: ToolContext,
  { place, session }: ForkedCheckpoint,
  { prompt, key }: { prompt: string; key: string | null },
): Promise<z.input<typeof turnSchema>> {
  const where =
    session === null
      ? { project: place.name, branch: place.branch, session_id: null }
      : { project: null, branch: null, session_id: session.session_id };
  const request = {
    ...where,
    prompt,
    checkpoint_id: null,
    continue_session: false,
    session_key: null,
    if_busy: "queue" as const,
    attachments: [],
    options: turnOptionsSchema.parse({}),
    wait_seconds: 0,
    idempotency_key: key === null ? null : `fork:${key}`,
    traceparent,
  };
  const { submitted } = await services.sessions.execute(principal, request, { reportProgress, signal });
  return { session_id: submitted.session_id, turn_id: submitted.turn_id, cursor: submitted.cursor };
}
