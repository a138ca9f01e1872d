// update_hooks_config: sets, adds or removes hooks at one scope.
import { z } from "zod";
import { placeFields, toPlaceRequest } from "../../configuration/tool-fields.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { hooksOutcomeSchema, showHooksOutcome } from "../tool-fields.ts";

export const updateHooksConfig = defineTool({
  name: "update_hooks_config",
  title: "Change hooks",
  description:
    'Sets one scope\'s hooks, in Claude Code\'s format ({"PostToolUse": [{"matcher": "Edit|Write", "hooks": [{"type": ' +
    '"command", "command": "…"}]}]}; type command or http) or in the short one ({"Stop": {"command": "npm test", ' +
    '"timeout": 120, "condition": "…"}}, where condition is a permission rule such as Bash(git *) or a matcher). Commands ' +
    "get the event as JSON on standard input and in CLAUDE_HOOK_TYPE, CLAUDE_TOOL_NAME, CLAUDE_FILE_PATHS (one a line), " +
    "CLAUDE_MESSAGE, CLAUDE_SESSION_ID and CLAUDE_PROJECT_DIR; exit code 2 blocks. A hook can refuse and ask, never permit. " +
    "New hooks, and the loss of one that could block, are proposed: a person confirms them at confirm_url.",
  scope: "configuration:write",
  toolset: "hooks",
  input: z.strictObject({
    ...placeFields,
    hooks: z.json().describe("The hooks by event; null or {} removes them all."),
    add: z.boolean().default(false).describe("True: beside those that are there. Default: in their place."),
  }),
  output: hooksOutcomeSchema,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  async run({ hooks, add, ...place }, { principal, clientId, services }) {
    const summary = hooks === null ? "remove all hooks" : `${add ? "add" : "set"} hooks`;
    const update = { place: toPlaceRequest(place), hooks, add, client: clientId, summary };
    return showHooksOutcome(await services.hooks.update(principal, update));
  },
});
