// An MCP server as a configuration item: its name is the server's, and no value of a secret stands in it.
import { liftSecrets } from "../../mcp-servers/lift-secrets.ts";
import { refuseSecrets } from "../../mcp-servers/read-pasted.ts";
import { mcpServerSchema, type McpServer, serverNameSchema } from "../../mcp-servers/server-schema.ts";
import { isWideningServer } from "../../mcp-servers/server-widening.ts";
import { defineKind } from "../define-kind.ts";

export const mcpServerKind = defineKind<McpServer>({
  schema: mcpServerSchema,
  nameProblem(name) {
    const parsed = serverNameSchema.safeParse(name);
    return parsed.success ? null : `A server's name ${parsed.error.issues[0]?.message ?? "is not valid"}.`;
  },
  valueProblem(name, server) {
    const isBare = liftSecrets(name, server, () => false).secrets.length > 0;
    return isBare ? "Secrets stand in a server's definition as references alone." : refuseSecrets(server);
  },
  isWidening: isWideningServer,
});
