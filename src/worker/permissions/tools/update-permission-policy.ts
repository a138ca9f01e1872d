// update_permission_policy: sets the rules of one scope; what lets sessions do more waits for a person.
import { z } from "zod";
import { AppError } from "../../../shared/errors/app-error.ts";
import { type PermissionPolicy, permissionPolicySchema } from "../../../shared/permissions/policy-schema.ts";
import { READY_MADE_POLICIES } from "../../../shared/permissions/ready-made-policies.ts";
import { outcomeSchema, placeFields, showOutcome, toPlaceRequest } from "../../configuration/tool-fields.ts";
import { defineTool } from "../../mcp/define-tool.ts";

const NAMES = Object.keys(READY_MADE_POLICIES) as (keyof typeof READY_MADE_POLICIES)[];

const input = z.strictObject({
  ...placeFields,
  policy: permissionPolicySchema
    .nullable()
    .optional()
    .describe(
      "The scope's rules from now on, in Claude Code's syntax: Read, Bash(git *), Edit(src/**), WebFetch(domain:example.com), mcp__server__tool. null removes them.",
    ),
  ready_made: z.enum(NAMES).optional().describe("In place of policy: one to begin with."),
});

export const updatePermissionPolicy = defineTool({
  name: "update_permission_policy",
  title: "Change permission rules",
  description:
    "Sets the permission rules of one scope. Forbidden comes before consent, consent before approval, whatever the " +
    "scope. Rules that let sessions do more than before are only proposed: a person confirms them at confirm_url.",
  scope: "configuration:write",
  toolset: "configuration",
  input,
  output: outcomeSchema,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  async run({ policy, ready_made, ...place }, { principal, clientId, services: { configuration } }) {
    const value = chooseValue({ policy, ready_made });
    const outcome = await configuration.change(principal, {
      place: await configuration.places.findToChange(principal, toPlaceRequest(place)),
      changes: [{ kind: "policy", name: "policy", value }],
      summary: value === null ? "remove the permission rules" : `set the permission rules${named(ready_made)}`,
      client: clientId,
    });
    return showOutcome(outcome);
  },
});

function chooseValue({
  policy,
  ready_made,
}: Pick<z.output<typeof input>, "policy" | "ready_made">): PermissionPolicy | null {
  if ((policy === undefined) === (ready_made === undefined)) {
    throw new AppError("invalid_argument", "Give either policy or ready_made.");
  }
  return ready_made === undefined ? (policy ?? null) : READY_MADE_POLICIES[ready_made];
}

function named(ready_made: string | undefined): string {
  return ready_made === undefined ? "" : ` to ${ready_made}`;
}
