// explain_permission: which rule would decide a tool call, and why.
import { z } from "zod";
import { materialise } from "../../../shared/configuration/materialise.ts";
import { uuidSchema } from "../../../shared/ids.ts";
import { decideInSession } from "../../../shared/permissions/decide-in-session.ts";
import { permissionModeSchema } from "../../../shared/permissions/permission-mode.ts";
import { policyScopeSchema } from "../../../shared/permissions/policy-schema.ts";
import { projectNameSchema } from "../../../shared/projects/schema.ts";
import { mergedFor } from "../../configuration/merged-for.ts";
import { defineTool } from "../../mcp/define-tool.ts";

/** Where a project lies in a sandbox, as far as rules can tell. */
const PLACES = { cwd: "/workspace", project_dir: "/workspace", home_dir: "/home/agent" };

export const explainPermission = defineTool({
  name: "explain_permission",
  title: "Explain a permission",
  description:
    "Says what the rules of all scopes make of a tool call: whether it would run, be asked about or be refused, which " +
    "rule of which scope decides, and why. Nothing is run. What a person allowed for one session is not counted.",
  scope: "configuration:read",
  toolset: "configuration",
  input: z.strictObject({
    tool: z.string().min(1).max(256).describe("The tool's name, such as Bash, Edit or mcp__server__tool."),
    input: z
      .record(z.string(), z.json())
      .describe("Its input, such as {command} or {file_path}. The project lies in /workspace."),
    project: projectNameSchema.optional().describe("Also by the rules of this project."),
    session_id: uuidSchema.optional().describe("Also by the rules of this session and its project."),
    permission_mode: permissionModeSchema.default("acceptEdits").describe("The mode of the turn. Default acceptEdits."),
  }),
  output: z.object({
    behavior: z
      .enum(["allow", "ask", "deny", "no_rule"])
      .describe("`ask`: a person is asked. `no_rule`: Claude Code's own permission mode decides."),
    rule: z.string().nullable().describe("The rule that decides, as it was written."),
    scope: policyScopeSchema.nullable(),
    reason: z.string(),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run({ tool, input, project, session_id, permission_mode }, { principal, services }) {
    const where = { project: project ?? null, session_id: session_id ?? null };
    const { policies, ceiling } = materialise(await mergedFor(services, principal, where)).gate;
    return decideInSession({
      asked: { stage: "gate", tool_name: tool, tool_input: input, permission_mode, ...PLACES },
      allowedTools: undefined,
      ceiling,
      policies,
      grantedRules: [],
      isCallGranted: false,
    });
  },
});
