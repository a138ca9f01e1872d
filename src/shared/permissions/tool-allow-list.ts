// A turn's `allowed_tools`: the tools that may run at all in this turn. It narrows, it never widens.
import { z } from "zod";

/** A tool's name, or `mcp__server__*` for all tools of one MCP server. */
export const toolNameSchema = z
  .string()
  .max(128)
  .regex(
    /^(?:[A-Za-z][A-Za-z0-9_-]*|mcp__[A-Za-z0-9_-]+__\*)$/,
    "must be a plain tool name such as Read, or mcp__server__*; rules with arguments such as Bash(git *) are not accepted here",
  );

/** True when the list is absent or names the tool. */
export function isToolAllowed(allowedTools: readonly string[] | undefined, toolName: string): boolean {
  if (allowedTools === undefined) return true;
  return allowedTools.some((name) =>
    name.endsWith("__*") ? toolName.startsWith(name.slice(0, -1)) : name === toolName,
  );
}
