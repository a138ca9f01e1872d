// code_review: delegates a review of code.
import { z } from "zod";
import { codeReviewParameters } from "../../../shared/delegation/tasks/code-review.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { descriptionField, placeFields, startedSchema, startTask } from "../tool-fields.ts";

export const codeReview = defineTool({
  name: "code_review",
  title: "Review code",
  description:
    "Has Claude Code review a project's code without changing it, and answers at once; get_delegated_task has the findings, " +
    "each with file, line and severity.",
  scope: "sessions:write",
  toolset: "delegation",
  input: z.strictObject({
    description: descriptionField.default("Review the code.").describe("What matters most, in words."),
    ...codeReviewParameters.shape,
    ...placeFields,
  }),
  output: startedSchema,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
  run({ description, paths, review_type, base, ...place }, context) {
    return startTask({ type: "code_review", description, parameters: { paths, review_type, base } }, place, context);
  },
});
