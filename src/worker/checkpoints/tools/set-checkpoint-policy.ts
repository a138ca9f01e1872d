// set_checkpoint_policy: when a project's checkpoints are taken by themselves, and which are kept.
import { z } from "zod";
import { retentionPolicySchema } from "../../../shared/checkpoints/retention-policy.ts";
import { checkpointStrategySchema } from "../../../shared/checkpoints/schema.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { projectField } from "../tool-fields.ts";

export const setCheckpointPolicy = defineTool({
  name: "set_checkpoint_policy",
  title: "Set the checkpoint policy",
  description:
    "Says when a project's checkpoints are taken by themselves, and which are kept: the rest is removed every hour. " +
    "Without arguments it shows what holds now.",
  scope: "projects:write",
  toolset: "checkpoints",
  input: z.strictObject({
    project: projectField,
    strategy: checkpointStrategySchema
      .optional()
      .describe(
        "`per_turn`: after each turn, the default. `per_tool_use`: also before tools that change files. " +
          "`smart`: before what is destructive and after large changes. `manual`: only create_checkpoint's are shown.",
      ),
    retention: retentionPolicySchema
      .nullable()
      .optional()
      .describe("What to keep, each branch for itself; null keeps everything, which is the default."),
  }),
  output: z.object({
    project: z.string(),
    strategy: checkpointStrategySchema,
    retention: retentionPolicySchema.nullable(),
  }),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  async run({ project, strategy, retention }, { principal, services }) {
    const policy = { strategy: strategy ?? null, retention };
    return services.checkpoints.timeline.setPolicy(principal, project ?? null, policy);
  },
});
