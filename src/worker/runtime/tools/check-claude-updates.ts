// check_claude_updates: the installed Claude Code against the newest that is published, and how to update.
import { z } from "zod";
import { defineTool } from "../../mcp/define-tool.ts";
import { CLAUDE_PACKAGE } from "../runtime-service.ts";
import { binarySchema, sandboxProjectField } from "./find-claude-binary.ts";

export const checkClaudeUpdates = defineTool({
  name: "check_claude_updates",
  title: "Check for Claude Code updates",
  description:
    "Compares the Claude Code program inside a project's sandbox with the newest in the package registry, and says how to update. " +
    "Changes nothing.",
  scope: "projects:read",
  toolset: "runtime",
  input: z.strictObject({ project: sandboxProjectField }),
  output: z.object({
    installed: binarySchema,
    newest: z.object({
      version: z.string().describe("The newest Claude Code."),
      package_version: z.string().describe("The version of the package that brings it."),
    }),
    is_current: z.boolean(),
    how_to_update: z.string(),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: true },
  async run({ project }, { principal, services }) {
    const { installed, newest } = await services.runtime.checkUpdates(principal, project ?? null);
    const isCurrent = installed.version === newest.version;
    return { installed, newest, is_current: isCurrent, how_to_update: howToUpdate(isCurrent, newest.package_version) };
  },
});

function howToUpdate(isCurrent: boolean, packageVersion: string): string {
  if (isCurrent) return "Nothing to do: the newest version is installed.";
  return (
    `In Berth's checkout: npm install --save-exact ${CLAUDE_PACKAGE}@${packageVersion}, run npm test, and deploy or start Berth again. ` +
    "Sandboxes that run finish their turns with the version that they have."
  );
}
