// run_slash_command: gives Claude Code a slash command, as execute_claude gives it a prompt.
import { z } from "zod";
import { MAX_PROMPT_BYTES } from "../../../shared/limits.ts";
import { turnOptionsSchema } from "../../../shared/sessions/schema.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { branchField, optionalProjectField } from "../../projects/tool-fields.ts";
import { executeOutput, resumeExecuted, showExecuted } from "../../sessions/tools/execute-claude.ts";
import { sessionIdField, waitSecondsField } from "../../sessions/tool-fields.ts";

const DEFAULT_WAIT_SECONDS = 20;
const fields = turnOptionsSchema.shape;

export const runSlashCommand = defineTool({
  name: "run_slash_command",
  title: "Run a slash command",
  description:
    "Runs a slash command in a new session or in one that exists, and answers as execute_claude does. Ours, the " +
    "repository's and Claude Code's own; an unknown one is told to Claude as a plain prompt.",
  scope: "sessions:write",
  toolset: "commands",
  input: z.strictObject({
    name: z
      .string()
      .max(200)
      .regex(/^[\w][\w.:-]*$/, "is a command's name, without the slash and without arguments")
      .describe("The command's name without the slash."),
    arguments: z
      .string()
      .max(MAX_PROMPT_BYTES / 2)
      .default("")
      .describe("What stands behind it."),
    project: optionalProjectField,
    branch: branchField,
    session_id: sessionIdField.optional().describe("Run it in this session. Without it a new one begins."),
    permission_mode: fields.permission_mode.describe("As with execute_claude."),
    allowed_tools: fields.allowed_tools.describe("The only tools that may run in this turn, by name. It narrows."),
    wait_seconds: waitSecondsField.default(DEFAULT_WAIT_SECONDS).describe("How long this call waits, 0 to 40 seconds."),
    idempotency_key: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .describe("A repeated call with the same key starts nothing anew."),
  }),
  output: executeOutput,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
  async run(args, { principal, services, reportProgress, signal, traceparent }) {
    const { name, arguments: text, project, branch, session_id, wait_seconds, idempotency_key, ...options } = args;
    const request = {
      prompt: text === "" ? `/${name}` : `/${name} ${text}`,
      project: project ?? null,
      branch: branch ?? null,
      checkpoint_id: null,
      session_id: session_id ?? null,
      continue_session: false,
      session_key: null,
      if_busy: "queue" as const,
      attachments: [],
      options: turnOptionsSchema.parse(options),
      wait_seconds,
      idempotency_key: idempotency_key ?? null,
      traceparent,
    };
    return showExecuted(await services.sessions.execute(principal, request, { reportProgress, signal }), services);
  },
  resume: (args, before, context) => resumeExecuted(args.wait_seconds, before, context),
});
