// cleanup_checkpoints: removes what a retention policy does not keep; says first what that would be.
import { z } from "zod";
import { retentionPolicySchema } from "../../../shared/checkpoints/retention-policy.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { projectField } from "../tool-fields.ts";

const MAX_SHOWN = 100;

export const cleanupCheckpoints = defineTool({
  name: "cleanup_checkpoints",
  title: "Clean up checkpoints",
  description:
    "Deletes the checkpoints of a project that a retention policy does not keep, each branch for itself. " +
    "Tagged ones, and those that a branch stands at or began from, always stay. By default it only says what would go.",
  scope: "projects:write",
  toolset: "checkpoints",
  input: z.strictObject({
    project: projectField,
    dry_run: z.boolean().default(true).describe("Only say what would go. Default true."),
    ...retentionPolicySchema.shape,
  }),
  output: z.object({
    policy: retentionPolicySchema.describe("What was applied: as given, or the project's own."),
    going: z
      .array(
        z.object({
          checkpoint_id: z.string(),
          kind: z.string(),
          message: z.string(),
          created_at: z.string(),
          bytes: z.int(),
        }),
      )
      .describe("The first of what goes, newest first."),
    going_total: z.int(),
    kept: z.int(),
    freed_bytes: z.int().describe("What storage gets back at most, about a day later."),
    deleted: z.int(),
    has_more: z.boolean().describe("True when one call was not enough: call again."),
  }),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  async run({ project, dry_run, ...policy }, { principal, services }) {
    const isGiven = Object.values(policy).some((count) => count !== undefined);
    const request = { project: project ?? null, policy: isGiven ? policy : null, dry_run };
    const cleaned = await services.checkpoints.keeping.cleanUp(principal, request);
    return {
      policy: cleaned.policy,
      going: cleaned.going.slice(0, MAX_SHOWN).map(({ checkpoint_id, kind, message, created_at, bytes }) => ({
        checkpoint_id,
        kind,
        message: message.slice(0, 120),
        created_at,
        bytes,
      })),
      going_total: cleaned.going.length,
      kept: cleaned.kept,
      freed_bytes: cleaned.freed_bytes,
      deleted: cleaned.deleted,
      has_more: !dry_run && cleaned.deleted < cleaned.going.length,
    };
  },
});
