// Adds a rule to the person's own policy: what they allowed for always, on a page of ours.
import type { PermissionPolicy } from "../../shared/permissions/policy-schema.ts";
import { permissionPolicySchema } from "../../shared/permissions/policy-schema.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import type { ConfigurationService } from "../configuration/configuration-service.ts";

const EMPTY: PermissionPolicy = { auto_approved: [], user_consent: [], forbidden: [] };

export async function addUserRule(
  configuration: Pick<ConfigurationService, "items" | "changeAsPerson">,
  principal: Principal,
  rule: string,
): Promise<void> {
  const place = { scope: "user" as const, scope_id: principal.user_id };
  const item = (await configuration.items(place, principal)).find(({ kind }) => kind === "policy");
  const policy = item === undefined ? EMPTY : permissionPolicySchema.parse(item.value);
  if (policy.auto_approved.includes(rule)) return;
  const value = { ...policy, auto_approved: [...policy.auto_approved, rule] };
  const changes = [{ kind: "policy" as const, name: "policy", value }];
  const summary = `allow ${rule} for always, as answered on the page`;
  await configuration.changeAsPerson(principal, { place, changes, summary, client: null });
}
