// Finds the permission policy among a place's items.
import { AppError } from "../../shared/errors/app-error.ts";
import { type PermissionPolicy, permissionPolicySchema } from "../../shared/permissions/policy-schema.ts";

/** Null for a place that has none. */
export function findPolicy(items: readonly { kind: string; value: unknown }[]): PermissionPolicy | null {
  const item = items.find(({ kind }) => kind === "policy");
  if (item === undefined) return null;
  const parsed = permissionPolicySchema.safeParse(item.value);
  if (parsed.success) return parsed.data;
  const message =
    "The permission rules of this scope cannot be read any more, and nothing runs by them. Set them anew with update_permission_policy; a person confirms it.";
  throw new AppError("configuration_unreadable", message);
}
