// mcp_update: changes parts of an MCP server's definition; what is not given stays.
import { z } from "zod";
import { AppError } from "../../../shared/errors/app-error.ts";
import { mcpServerSchema } from "../../../shared/mcp-servers/server-schema.ts";
import { toPlaceRequest } from "../../configuration/tool-fields.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { keepFields, keptSchema, serverFields, showKept } from "../tool-fields.ts";

export const mcpUpdate = defineTool({
  name: "mcp_update",
  title: "Change an MCP server",
  description:
    "Changes an MCP server: its address, headers, program, the tools that may be called, or whether it is used. " +
    "Switching it off or allowing fewer tools holds at once; anything else is proposed, and a person confirms it.",
  scope: "configuration:write",
  toolset: "mcp_servers",
  input: z.strictObject({
    ...serverFields,
    url: z.string().max(2048).optional().describe("For http and sse."),
    headers: z.record(z.string(), z.string()).optional().describe("For http and sse: all of them, anew."),
    command: z.string().max(1024).optional().describe("For stdio."),
    args: z.array(z.string()).max(200).optional().describe("For stdio: all of them, anew."),
    env: z.record(z.string(), z.string()).optional().describe("For stdio: all of them, anew; no secrets."),
    allowed_tools: z
      .array(z.string())
      .max(500)
      .nullable()
      .optional()
      .describe("Its tools that may be called; null for all."),
    enabled: z.boolean().optional().describe("False keeps it, and no session uses it."),
    ...keepFields,
  }),
  output: keptSchema,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true },
  async run({ name, scope, project, session_id, keep_if_failing, ...changes }, { principal, clientId, services }) {
    const { service, urls } = services.servers;
    const place = await services.configuration.places.findToChange(
      principal,
      toPlaceRequest({ scope, project, session_id }),
    );
    const before = await service.find(principal, place, name);
    refuseForeign(before.type, changes);
    const parsed = mcpServerSchema.safeParse({ ...before, ...changes });
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw new AppError(
        "invalid_argument",
        `${issue?.path.join(".") ?? ""} ${issue?.message ?? "is not valid"}`.trim(),
      );
    }
    const request = { place, name, server: parsed.data, keepIfFailing: keep_if_failing, client: clientId };
    return showKept(await service.keep(principal, request), urls.signIn(place, name));
  },
});

const PARTS = { stdio: ["command", "args", "env"], remote: ["url", "headers"] } as const;

/** What the other kind of server has would be left out in silence. */
function refuseForeign(type: string, changes: Record<string, unknown>): void {
  const foreign = type === "stdio" ? PARTS.remote : PARTS.stdio;
  const found = foreign.find((part) => changes[part] !== undefined);
  if (found !== undefined)
    throw new AppError("invalid_argument", `A ${type} server has no ${found}. Add it anew instead.`);
}
