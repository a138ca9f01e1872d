// import_agent: makes an agent of a file, from GitHub or pasted, or replaces one by it.
import { z } from "zod";
import { AppError } from "../../../shared/errors/app-error.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { agentIdField, agentNameField, agentOutcomeSchema, agentScopeField, showAgentChanged } from "../tool-fields.ts";

/** A system prompt with everything around it. */
const MAX_FILE_CHARS = 400_000;

export const importAgent = defineTool({
  name: "import_agent",
  title: "Import an agent",
  description:
    "Makes an agent of a file: Claude Code's .claude/agents/*.md or opcode's .opcode.json, by its GitHub URL (pinned to the " +
    "commit that was read) or as text. With agent_id it becomes that agent's new version. What comes from a URL speaks in " +
    "words that nobody here has read, so it is proposed: a person reads and confirms it at confirm_url.",
  scope: "configuration:write",
  toolset: "agents",
  input: z.strictObject({
    url: z
      .url()
      .max(2_048)
      .optional()
      .describe("A link to the file, such as https://github.com/o/r/blob/main/.claude/agents/reviewer.md."),
    text: z.string().min(1).max(MAX_FILE_CHARS).optional().describe("The file's text, where there is no url."),
    name: agentNameField.optional().describe("What it is called; what the file says when left out."),
    scope: agentScopeField.optional(),
    agent_id: agentIdField.optional().describe("Replace this agent by a new version instead of making one."),
  }),
  output: agentOutcomeSchema,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
  async run({ url, text, name, scope, agent_id }, { principal, clientId, services }) {
    const { file, source } = await services.agentFiles.read(url ?? null, text ?? null);
    const { fields, notes } = file;
    if (agent_id !== undefined) {
      const change = { agent_id, fields, source, client: clientId };
      return showAgentChanged(await services.agents.update(principal, change), notes);
    }
    const own = name ?? file.name;
    if (own === null)
      throw new AppError("invalid_argument", "The file has no name that an agent could have. Give one.");
    const wanted = { name: own, scope: scope ?? null, fields, source, client: clientId };
    return showAgentChanged(await services.agents.create(principal, wanted), notes);
  },
});
