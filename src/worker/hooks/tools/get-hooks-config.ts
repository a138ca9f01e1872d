// get_hooks_config: the hooks of one scope, or all that a session would have.
import { z } from "zod";
import { CONFIGURATION_SCOPES } from "../../../shared/configuration/place.ts";
import { mergedFor } from "../../configuration/merged-for.ts";
import { placeFields } from "../../configuration/tool-fields.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { configuredHookSchema, showHook } from "../tool-fields.ts";

export const getHooksConfig = defineTool({
  name: "get_hooks_config",
  title: "Show hooks",
  description:
    "Shows the hooks that run at Claude Code's events. With a scope those that stand there; without one all that a " +
    "session has, since the hooks of every scope run, team first.",
  scope: "configuration:read",
  toolset: "hooks",
  input: z.strictObject({
    scope: z.enum(CONFIGURATION_SCOPES).optional().describe("One scope; absent for all together."),
    project: placeFields.project.describe("With scope project, or to see the project's own with the others."),
    session_id: placeFields.session_id.describe("With scope session, or to see the session's own with the others."),
  }),
  output: z.object({ hooks: z.array(configuredHookSchema) }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run({ scope, project, session_id }, { principal, services }) {
    const where = { project: project ?? null, session_id: session_id ?? null };
    const hooks =
      scope === undefined
        ? services.hooks.listMerged(await mergedFor(services, principal, where))
        : await services.hooks.list(principal, { scope, ...where });
    return { hooks: hooks.map(showHook) };
  },
});
