// export_agent: an agent as a file for Claude Code or for opcode.
import { z } from "zod";
import { EXPORT_FORMATS, exportAgent as toFile } from "../../../shared/agents/export-agent.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { agentIdField } from "../tool-fields.ts";

export const exportAgent = defineTool({
  name: "export_agent",
  title: "Export an agent",
  description: "Gives an agent as a file: Claude Code's .claude/agents/*.md, or opcode's .opcode.json.",
  scope: "configuration:read",
  toolset: "agents",
  input: z.strictObject({
    agent_id: agentIdField,
    version: z.int().min(1).optional().describe("Which version; the newest when left out."),
    format: z.enum(EXPORT_FORMATS).default("claude_code").describe("Default claude_code."),
  }),
  output: z.object({
    file_name: z.string(),
    media_type: z.string(),
    content: z.string(),
    left_out: z.array(z.string()).describe("What the format has no place for."),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  audited: true,
  async run({ agent_id, version, format }, { principal, services }) {
    const { row, agent } = await services.agents.get(principal, agent_id, version ?? null);
    return toFile(row.name, agent, format, new Date().toISOString());
  },
});
