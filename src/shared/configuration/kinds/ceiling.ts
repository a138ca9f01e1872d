// The ceiling that a person sets: the widest permission mode and the tools that may be used at all.
import { z } from "zod";
import { cutToCeiling, type PermissionMode, permissionModeSchema } from "../../permissions/permission-mode.ts";
import { toolNameSchema } from "../../permissions/tool-allow-list.ts";

export const ceilingSchema = z.strictObject({
  /** Turns run in this mode at most. */
  permission_mode: permissionModeSchema.optional(),
  /** The tools that may be used; absent for all. */
  allowed_tools: z.array(toolNameSchema).max(100).optional(),
});
export type Ceiling = z.infer<typeof ceilingSchema>;

/** What holds where several scopes set one: the narrowest mode, and a list for each that has one. */
export type EffectiveCeiling = { permission_mode: PermissionMode; allowed_tools: string[][] };

const WIDEST: PermissionMode = "bypassPermissions";

export function combineCeilings(ceilings: readonly Ceiling[]): EffectiveCeiling {
  return {
    permission_mode: ceilings.reduce((mode, ceiling) => cutToCeiling(mode, ceiling.permission_mode ?? WIDEST), WIDEST),
    allowed_tools: ceilings.flatMap(({ allowed_tools }) => (allowed_tools === undefined ? [] : [allowed_tools])),
  };
}

export function widensCeiling(before: Ceiling | null, after: Ceiling | null): boolean {
  const was = before?.permission_mode ?? WIDEST;
  const becomes = after?.permission_mode ?? WIDEST;
  if (cutToCeiling(becomes, was) !== becomes) return true;
  if (before?.allowed_tools === undefined) return false;
  const known = new Set(before.allowed_tools);
  return after?.allowed_tools === undefined || after.allowed_tools.some((name) => !known.has(name));
}
