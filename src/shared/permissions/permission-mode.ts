// Claude Code's permission modes, from narrow to wide, and the cut to a ceiling.
import { z } from "zod";

/** Narrow to wide. `dontAsk` denies what would ask, so it stands beside `default`. */
export const PERMISSION_MODES = ["plan", "dontAsk", "default", "acceptEdits", "auto", "bypassPermissions"] as const;
export const permissionModeSchema = z.enum(PERMISSION_MODES);
export type PermissionMode = z.infer<typeof permissionModeSchema>;

/** The mode that was asked for, or the ceiling where that is narrower: a tool call can only narrow. */
export function cutToCeiling(asked: PermissionMode, ceiling: PermissionMode): PermissionMode {
  return PERMISSION_MODES.indexOf(asked) <= PERMISSION_MODES.indexOf(ceiling) ? asked : ceiling;
}
