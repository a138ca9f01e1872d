// mcp_add: one MCP server for sessions, tested before it is kept.
import { z } from "zod";
import { mcpServerSchema } from "../../../shared/mcp-servers/server-schema.ts";
import { AppError } from "../../../shared/errors/app-error.ts";
import { toPlaceRequest } from "../../configuration/tool-fields.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { keepFields, keptSchema, serverFields, showKept } from "../tool-fields.ts";

export const mcpAdd = defineTool({
  name: "mcp_add",
  title: "Add an MCP server",
  description:
    "Adds an MCP server that Claude can use in sessions: an address (http, sse), reached through this server, or a " +
    "program in the sandbox (stdio). The connection is tested first. It is only proposed: a person confirms it at " +
    "confirm_url. Values of headers are kept encrypted and never shown again; better, write ${secret:NAME} and let the " +
    "person enter the value at the secrets_url of mcp_get.",
  scope: "configuration:write",
  toolset: "mcp_servers",
  input: z.strictObject({
    ...serverFields,
    type: z.enum(["stdio", "http", "sse"]).describe("How it is spoken to."),
    url: z.string().max(2048).optional().describe("For http and sse: its https address."),
    headers: z.record(z.string(), z.string()).optional().describe("For http and sse: sent with each request."),
    command: z.string().max(1024).optional().describe("For stdio: the program."),
    args: z.array(z.string()).max(200).optional().describe("For stdio: its arguments."),
    env: z.record(z.string(), z.string()).optional().describe("For stdio: plain variables, no secrets."),
    allowed_tools: z.array(z.string()).max(500).optional().describe("Its tools that may be called; all without it."),
    ...keepFields,
  }),
  output: keptSchema,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true },
  async run({ name, scope, project, session_id, keep_if_failing, ...definition }, { principal, clientId, services }) {
    const parsed = mcpServerSchema.safeParse(definition);
    if (!parsed.success) throw new AppError("invalid_argument", explain(parsed.error));
    const place = await services.configuration.places.findToChange(
      principal,
      toPlaceRequest({ scope, project, session_id }),
    );
    const kept = await services.servers.service.keep(principal, {
      place,
      name,
      server: parsed.data,
      keepIfFailing: keep_if_failing,
      client: clientId,
    });
    return showKept(kept, services.servers.urls.signIn(place, name));
  },
});

function explain(error: z.ZodError): string {
  const [issue] = error.issues;
  return `${issue?.path.join(".") ?? ""} ${issue?.message ?? "is not valid"}`.trim();
}
