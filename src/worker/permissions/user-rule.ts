// Adds a rule to the person's own policy: what they allowed for always, on a page of ours.
import type { ItemChange } from "../../shared/configuration/item.ts";
import type { PermissionPolicy } from "../../shared/permissions/policy-schema.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import type { ConfigurationService } from "../configuration/configuration-service.ts";
import { findPolicy } from "./find-policy.ts";

const EMPTY: PermissionPolicy = { auto_approved: [], user_consent: [], forbidden: [] };

export async function addUserRule(
  configuration: Pick<ConfigurationService, "changeAsPerson">,
  principal: Principal,
  rule: string,
): Promise<void> {
  const place = { scope: "user" as const, scope_id: principal.user_id };
  const changes = (present: readonly { kind: string; value: unknown }[]): ItemChange[] => {
    const policy = findPolicy(present) ?? EMPTY;
    if (policy.auto_approved.includes(rule)) return [];
    const value = { ...policy, auto_approved: [...policy.auto_approved, rule] };
    return [{ kind: "policy", name: "policy", value }];
  };
  const summary = `allow ${rule} for always, as answered on the page`;
  await configuration.changeAsPerson(principal, { place, changes, summary, client: null });
}
