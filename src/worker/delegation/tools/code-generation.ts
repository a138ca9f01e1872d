// code_generation: delegates the writing of code.
import { z } from "zod";
import { codeGenerationParameters } from "../../../shared/delegation/tasks/code-generation.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { descriptionField, placeFields, startedSchema, startTask } from "../tool-fields.ts";

export const codeGeneration = defineTool({
  name: "code_generation",
  title: "Generate code",
  description:
    "Has Claude Code write code into a project's files, and answers at once; get_delegated_task says which files it wrote, " +
    "and whether they parse.",
  scope: "sessions:write",
  toolset: "delegation",
  input: z.strictObject({ description: descriptionField, ...codeGenerationParameters.shape, ...placeFields }),
  output: startedSchema,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
  run({ description, language, target_path, requirements, include_tests, ...place }, context) {
    const parameters = { language, target_path, requirements, include_tests };
    return startTask({ type: "code_generation", description, parameters }, place, context);
  },
});
