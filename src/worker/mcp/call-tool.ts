// Runs one tool and makes its MCP result: the same JSON as structure and as text, or an error in words that we wrote.
import { type CallToolResult, type InputRequiredResult, isInputRequiredResult } from "@modelcontextprotocol/server";
import { explainError } from "../http/json-error.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { AuditRecorder } from "../audit/audit-recorder.ts";
import { auditTool } from "./audited-tool.ts";
import type { ConsentCall, ConsentRounds } from "./consent-rounds.ts";
import type { Tool } from "./define-tool.ts";

export type CallToolOptions = { rounds: Pick<ConsentRounds, "run">; audit: AuditRecorder; logger: Logger };

export async function callTool(
  tool: Tool,
  args: unknown,
  call: ConsentCall,
  { rounds, audit, logger }: CallToolOptions,
): Promise<CallToolResult | InputRequiredResult> {
  try {
    const answer = await rounds.run(auditTool(tool, audit), args, call);
    if (isInputRequiredResult(answer)) return answer;
    const { structured: structuredContent, links } = answer;
    return { content: [{ type: "text", text: JSON.stringify(structuredContent) }, ...links], structuredContent };
  } catch (error) {
    const failure = explainError(error, logger, tool.name);
    return { isError: true, content: [{ type: "text", text: JSON.stringify(failure) }] };
  }
}
