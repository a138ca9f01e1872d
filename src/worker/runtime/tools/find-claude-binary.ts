// find_claude_binary: where Claude Code is inside the sandbox, and which version.
import { z } from "zod";
import { projectNameSchema } from "../../../shared/projects/schema.ts";
import { defineTool } from "../../mcp/define-tool.ts";

export const binarySchema = z.object({
  path: z.string().describe("Where the program lies inside the sandbox."),
  version: z.string(),
  source: z.string().describe("Where it came from."),
});

export const sandboxProjectField = projectNameSchema
  .optional()
  .describe("The project whose sandbox is asked. Without it, your project `default`.");

export const findClaudeBinary = defineTool({
  name: "find_claude_binary",
  title: "Find the Claude Code program",
  description:
    "Gives path, version and source of the Claude Code program inside a project's sandbox, starting it when none runs.",
  scope: "projects:read",
  toolset: "runtime",
  input: z.strictObject({ project: sandboxProjectField }),
  output: binarySchema,
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  run: ({ project }, { principal, services }) => services.runtime.findBinary(principal, project ?? null),
});
