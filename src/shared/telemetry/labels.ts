// Values of attributes that are few whatever people and models come up with.
import { canonicalModel, findPrice, type ModelPrice } from "../accounting/price-list.ts";

const OTHER = "other";

/** Claude Code's own; a new one is `other` until it stands here. */
const TOOLS: ReadonlySet<string> = new Set(
  (
    "Agent AskUserQuestion Bash BashOutput CronCreate CronDelete CronList Edit EnterPlanMode EnterWorktree ExitPlanMode " +
    "ExitWorktree Glob Grep KillShell LS LSP ListMcpResourcesTool Monitor MultiEdit NotebookEdit PowerShell Read " +
    "ReadMcpResourceTool ScheduleWakeup SendMessage Skill SlashCommand StructuredOutput Task TaskCreate TaskGet TaskList " +
    "TaskOutput TaskStop TaskUpdate TodoWrite ToolSearch WebFetch WebSearch Workflow Write"
  ).split(" "),
);

/** Claude Code's own tools by name; those of MCP servers are anybody's, and a model may ask for one that there is not. */
export function toolLabel(name: string): string {
  if (name.startsWith("mcp__")) return "mcp";
  return TOOLS.has(name) ? name : OTHER;
}

/** Models that have a price, by their canonical name: what a request asks for is anybody's text, and answers may repeat it. */
export function modelLabel(name: string | null, ownPrices: Readonly<Record<string, ModelPrice>>): string {
  return name === null || findPrice(name, ownPrices) === null ? OTHER : canonicalModel(name);
}
