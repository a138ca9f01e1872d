// test_hook: runs one configured hook against a sample event.
import { z } from "zod";
import { sampleFieldsSchema } from "../../../shared/hooks/sample-event.ts";
import { HOOK_OUTCOMES } from "../../../shared/hooks/hook-output.ts";
import { placeFields } from "../../configuration/tool-fields.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { branchField, optionalProjectField } from "../../projects/tool-fields.ts";
import { configuredHookSchema, showHook } from "../tool-fields.ts";

export const testHook = defineTool({
  name: "test_hook",
  title: "Try a hook",
  description:
    "Runs one configured hook with a sample event and shows what came of it, as Claude Code would read it: a command in " +
    "the project's sandbox, where it may change files, an HTTP hook by a request. Only hooks that a person has confirmed " +
    "run. Starts the sandbox when none runs; refused while a turn runs in the project.",
  scope: "configuration:write",
  toolset: "hooks",
  input: z.strictObject({
    scope: placeFields.scope,
    project: optionalProjectField.describe(
      "The project to run it in, also the one of scope project. Default `default`.",
    ),
    branch: branchField,
    session_id: placeFields.session_id,
    number: z.int().positive().describe("Which of the scope's hooks, as get_hooks_config counts them."),
    input: sampleFieldsSchema
      .default({})
      .describe('Fields of the event, such as {"tool_name": "Edit", "tool_input": {"file_path": "a.ts"}}.'),
  }),
  output: z.object({
    hook: configuredHookSchema,
    would_run: z.boolean().describe("False: its matcher or `if` does not take this event. It was run all the same."),
    outcome: z.enum(HOOK_OUTCOMES),
    blocked: z.boolean(),
    reason: z.string().nullable().describe("Why it blocks or asks, or how it failed."),
    exit_code: z.int().nullable(),
    http_status: z.int().nullable(),
    timed_out: z.boolean(),
    duration_ms: z.int(),
    stdout: z.string(),
    stderr: z.string(),
    ignored: z.array(z.string()).describe("What of its answer does not count: a hook cannot permit."),
    claude_code_gets: z.record(z.string(), z.unknown()),
    updated_input: z.record(z.string(), z.unknown()).nullable(),
  }),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
  async run({ scope, project, branch, session_id, number, input }, { principal, services }) {
    const place = {
      scope,
      project: scope === "project" ? (project ?? "default") : null,
      session_id: session_id ?? null,
    };
    const where = { project: project ?? null, branch: branch ?? null };
    const { tried, trial } = await services.hooks.test(principal, { place, number, input, project: where });
    return {
      ...trial.result,
      hook: showHook(tried),
      would_run: trial.would_run,
      claude_code_gets: trial.output,
      updated_input: trial.updated_input,
    };
  },
});
