// get_permission_policy: the rules that stand at one scope.
import { z } from "zod";
import { permissionPolicySchema } from "../../../shared/permissions/policy-schema.ts";
import { READY_MADE_POLICIES } from "../../../shared/permissions/ready-made-policies.ts";
import { placeFields, toPlaceRequest } from "../../configuration/tool-fields.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { findPolicy } from "../find-policy.ts";

export const getPermissionPolicy = defineTool({
  name: "get_permission_policy",
  title: "Show permission rules",
  description:
    "Shows the permission rules of one scope, in Claude Code's own syntax: what runs without a question, what a person " +
    "is asked about, what never runs. All scopes hold together; get_config shows them merged.",
  scope: "configuration:read",
  toolset: "configuration",
  input: z.strictObject(placeFields),
  output: z.object({
    policy: permissionPolicySchema.nullable().describe("Null where this scope has no rules."),
    ready_made: z.record(z.string(), permissionPolicySchema).describe("Policies to begin with, by name."),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run(place, { principal, services: { configuration } }) {
    const found = await configuration.places.find(principal, toPlaceRequest(place));
    const policy = findPolicy(await configuration.items(found, principal));
    return { policy, ready_made: READY_MADE_POLICIES };
  },
});
