// Which change of a permission policy widens what may run unseen.
import type { PermissionPolicy } from "../../permissions/policy-schema.ts";

const EMPTY: PermissionPolicy = { auto_approved: [], user_consent: [], forbidden: [] };

/** More approval, or less that is forbidden or asked about. A rule that moves from consent to forbidden narrows. */
export function widensPolicy(before: PermissionPolicy | null, after: PermissionPolicy | null): boolean {
  const was = before ?? EMPTY;
  const becomes = after ?? EMPTY;
  const restricted = new Set([...becomes.user_consent, ...becomes.forbidden]);
  return (
    becomes.auto_approved.some((rule) => !was.auto_approved.includes(rule)) ||
    was.forbidden.some((rule) => !becomes.forbidden.includes(rule)) ||
    was.user_consent.some((rule) => !restricted.has(rule))
  );
}
