// execute_claude: gives Claude Code a prompt, in a new session or in one that exists.
import { z } from "zod";
import { attachmentNamesSchema } from "../../../shared/attachments/schema.ts";
import { branchNameSchema, checkpointIdSchema } from "../../../shared/checkpoints/schema.ts";
import { permissionModeSchema } from "../../../shared/permissions/permission-mode.ts";
import { promptSchema, turnOptionsSchema } from "../../../shared/sessions/schema.ts";
import { outputSchemaSchema } from "../../../shared/structured/schema.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { IF_BUSY, type SessionView } from "../../../shared/rpc/session-api.ts";
import type { Services, ToolContext } from "../../mcp/tool-context.ts";
import { showPending } from "../../permissions/permission-service.ts";
import type { ExecuteAnswer } from "../session-service.ts";
import {
  pendingField,
  projectField,
  resultField,
  sessionIdField,
  showResult,
  statusField,
  turnField,
  waitSecondsField,
} from "../tool-fields.ts";

/** Long enough for a small job's result to come with the answer, short enough for every client. */
const DEFAULT_WAIT_SECONDS = 20;

const fields = turnOptionsSchema.shape;

const input = z.strictObject({
  prompt: promptSchema.describe("What Claude Code is to do, in words. At most 256 KB."),
  project: projectField
    .optional()
    .describe("The project to work in. Without it, the session's own, or your project `default`."),
  branch: branchNameSchema.optional().describe("The project's branch. Default `main`."),
  checkpoint_id: checkpointIdSchema.optional().describe("Begin a branch from this checkpoint."),
  session_id: sessionIdField
    .optional()
    .describe("Go on with this session: the same conversation. Without it a new one begins."),
  continue_session: z
    .boolean()
    .default(false)
    .describe("Go on with the newest session of the project instead of beginning one. Not together with session_id."),
  session_key: z
    .strictObject({
      conversation: z.string().min(1).max(500).describe("Your own name of the conversation."),
      agent: z
        .string()
        .min(1)
        .max(200)
        .optional()
        .describe("Your own name of the agent, when one conversation has several."),
    })
    .optional()
    .describe(
      "Go on with the session of this conversation, or begin it: the same key is the same session for ever. Not together with session_id.",
    ),
  model: fields.model.describe(
    "The model that Claude Code uses, such as claude-sonnet-5. Without it, Claude Code's own choice.",
  ),
  permission_mode: fields.permission_mode.describe(
    "What Claude Code may do without asking. Default: the session's own, else acceptEdits; cut to the ceiling that a person set.",
  ),
  allowed_tools: fields.allowed_tools.describe(
    "The only tools that may run in this turn, by name. It narrows, it never widens.",
  ),
  max_turns: fields.max_turns.describe("How often the model may be asked in this turn at most."),
  max_budget_usd: fields.max_budget_usd.describe("What this turn may cost at most, in US dollars."),
  timeout_seconds: fields.timeout_seconds.describe("How long the turn may run before it is stopped. Default one hour."),
  output_schema: outputSchemaSchema
    .optional()
    .describe(
      "A JSON Schema with type object, at most 32 KB: result.structured then holds an answer that fits it. Not with if_busy steer.",
    ),
  structured_output_prefixes: fields.structured_output_prefixes.describe(
    "Each line of the answer that begins with one of these texts becomes an event `structured_output`.",
  ),
  attachments: attachmentNamesSchema
    .optional()
    .describe(
      "Up to 10 images, PDFs or texts that come with the prompt, 5 MB each and 20 MB together: {project_file} or {upload_id}, from create_upload of the toolset `attachments`. Not with if_busy steer.",
    ),
  if_busy: z
    .enum(IF_BUSY)
    .default("queue")
    .describe(
      "When the session is busy: `queue` runs the prompt after what runs and waits, `steer` folds it into the running turn, whose result it shares, `refuse` answers session_busy.",
    ),
  wait_seconds: waitSecondsField
    .default(DEFAULT_WAIT_SECONDS)
    .describe(
      `How long this call waits for the turn's end, 0 to 40 seconds; default ${DEFAULT_WAIT_SECONDS}. The turn goes on afterwards.`,
    ),
  idempotency_key: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe(
      "A text of your choice: a repeated call with the same key starts nothing anew and gets the first answer.",
    ),
});

export const executeOutput = z.object({
  session_id: sessionIdField,
  turn_id: z.string().describe("The turn that this prompt became, or joined."),
  steered: z.boolean().describe("True when the prompt joined a turn that was running."),
  status: statusField,
  cursor: z.int().nonnegative().describe("Give this to wait_for_session as after_cursor to see the turn's events."),
  turn: turnField.optional(),
  result: resultField,
  pending_permissions: pendingField,
  permission_mode: permissionModeSchema.describe("The mode that the turn runs in."),
  notes: z.array(z.string()).describe("What is different from what was asked for, in words."),
});

export const executeClaude = defineTool({
  name: "execute_claude",
  title: "Run Claude Code",
  description:
    "Gives Claude Code a prompt, which it works on in a cloud sandbox with the project's files. " +
    "Answers with session_id, turn_id and cursor, and with the result when the turn ends within wait_seconds. " +
    "A turn that takes longer goes on: wait_for_session follows it. " +
    "Prompts to one session, and turns of all sessions in one project, run one after another. " +
    "What Claude Code asks a person to allow waits in pending_permissions for that person; unanswered it is denied.",
  scope: "sessions:write",
  toolset: "sessions",
  input,
  output: executeOutput,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
  async run(args, { principal, services, reportProgress, signal, traceparent }) {
    const { prompt, project, branch, checkpoint_id, session_id, continue_session, session_key, ...further } = args;
    const { if_busy, wait_seconds, idempotency_key, attachments, ...options } = further;
    const request = {
      prompt,
      project: project ?? null,
      branch: branch ?? null,
      checkpoint_id: checkpoint_id ?? null,
      session_id: session_id ?? null,
      continue_session,
      session_key: session_key ?? null,
      if_busy,
      attachments: attachments ?? [],
      options,
      wait_seconds,
      idempotency_key: idempotency_key ?? null,
      traceparent,
    };
    return showExecuted(await services.sessions.execute(principal, request, { reportProgress, signal }), services);
  },
  resume: (args, before, context) => resumeExecuted(args.wait_seconds, before, context),
});

/** What of an answer holds for the whole turn. */
const submittedSchema = executeOutput.pick({
  session_id: true,
  turn_id: true,
  steered: true,
  cursor: true,
  permission_mode: true,
  notes: true,
});

/** The prompt was sent: what is left is to wait for its turn. */
export async function resumeExecuted(
  wait_seconds: number,
  before: unknown,
  { principal, services, reportProgress, signal }: ToolContext,
): Promise<z.input<typeof executeOutput>> {
  const { session_id, turn_id, cursor, ...told } = submittedSchema.parse(before);
  const request = { session_id, turn_id, after_cursor: cursor, wait_seconds, return_on: "turn" as const };
  const waited = await services.sessions.wait(principal, request, { reportProgress, signal });
  return { session_id, turn_id, cursor, ...told, ...showWaited(waited, services) };
}

function showWaited({ session, turn, result, pending_permissions }: SessionView, { permissions }: Services) {
  const pending = showPending(permissions, session.session_id, pending_permissions);
  return { status: session.status, turn, ...showResult(result), pending_permissions: pending };
}

export function showExecuted(answer: ExecuteAnswer, services: Services): z.input<typeof executeOutput> {
  const { submitted, waited } = answer;
  return {
    session_id: submitted.session_id,
    turn_id: submitted.turn_id,
    cursor: submitted.cursor,
    ...(waited === null ? { status: submitted.status, pending_permissions: [] } : showWaited(waited, services)),
    steered: submitted.steered,
    permission_mode: submitted.permission_mode,
    notes: notes(answer),
  };
}

function notes({ cutFrom, submitted }: ExecuteAnswer): string[] {
  const permissionMode = submitted.permission_mode;
  const cut = `permission_mode ${cutFrom} was cut to ${permissionMode}, the ceiling that a person set.`;
  return cutFrom === null ? [] : [cut];
}
