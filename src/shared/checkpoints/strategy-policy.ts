// When checkpoints are taken by themselves, and as what: after a turn, and before a tool call.
import type { ChangeCounts, CheckpointKind, CheckpointStrategy } from "./schema.ts";
import { isDestructiveCommand } from "./destructive-command.ts";

/** A change of at least this much is worth a checkpoint of its own under `smart`. */
export const LARGE_CHANGE_FILES = 10;
export const LARGE_CHANGE_BYTES = 1024 * 1024;

export type TurnChange = { changes: ChangeCounts; readBytes: number };

/** Every strategy keeps the files after a turn; `autosave` is the one that nobody sees and the next one replaces. */
export function decideTurnKind(strategy: CheckpointStrategy, change: TurnChange): CheckpointKind {
  switch (strategy) {
    case "manual":
      return "autosave";
    case "per_turn":
    case "per_tool_use":
      return "turn";
    case "smart":
      return isLarge(change) ? "smart" : "autosave";
  }
}

function isLarge({ changes, readBytes }: TurnChange): boolean {
  const files = changes.added + changes.changed + changes.removed;
  return files >= LARGE_CHANGE_FILES || (files > 0 && readBytes >= LARGE_CHANGE_BYTES);
}

const WRITING_TOOLS = new Set(["Bash", "Write", "Edit", "MultiEdit", "NotebookEdit", "Task", "Agent"]);

/** Strategies that look at tool calls; for the others nobody need ask. */
export type ToolStrategy = Extract<CheckpointStrategy, "per_tool_use" | "smart">;

export function looksAtTools(strategy: CheckpointStrategy): strategy is ToolStrategy {
  return strategy === "per_tool_use" || strategy === "smart";
}

/** What a checkpoint before this tool call would be; null when none is wanted. */
export function decideToolKind(
  strategy: CheckpointStrategy,
  tool: { tool_name: string; tool_input: unknown },
): "tool_use" | "smart" | null {
  if (strategy === "per_tool_use") return mayChangeFiles(tool.tool_name) ? "tool_use" : null;
  return strategy === "smart" && isDestructive(tool) ? "smart" : null;
}

function mayChangeFiles(toolName: string): boolean {
  return WRITING_TOOLS.has(toolName) || toolName.startsWith("mcp__");
}

/** A command that is missing or was shortened on its way is not understood, and counts as destructive. */
function isDestructive({ tool_name, tool_input }: { tool_name: string; tool_input: unknown }): boolean {
  if (tool_name === "Write") return true;
  if (tool_name !== "Bash") return false;
  const command = typeof tool_input === "object" && tool_input !== null ? Reflect.get(tool_input, "command") : null;
  return typeof command !== "string" || isDestructiveCommand(command);
}
