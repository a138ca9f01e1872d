// Runs one tool and makes its MCP result: the same JSON as structure and as text, or an error in words that we wrote.
import type { CallToolResult } from "@modelcontextprotocol/server";
import { explainError } from "../http/json-error.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Tool } from "./define-tool.ts";
import type { ToolContext } from "./tool-context.ts";

export async function callTool(
  tool: Tool,
  args: unknown,
  context: ToolContext,
  logger: Logger,
): Promise<CallToolResult> {
  try {
    const { structured: structuredContent, links } = await tool.call(args, context);
    return { content: [{ type: "text", text: JSON.stringify(structuredContent) }, ...links], structuredContent };
  } catch (error) {
    const failure = explainError(error, logger, tool.name);
    return { isError: true, content: [{ type: "text", text: JSON.stringify(failure) }] };
  }
}
