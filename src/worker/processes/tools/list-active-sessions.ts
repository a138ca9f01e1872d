// list_active_sessions: which of a person's sessions work now, and what runs for each.
import { z } from "zod";
import { defineTool } from "../../mcp/define-tool.ts";
import { sessionProcessesSchema } from "../tool-fields.ts";

/** Each is asked, and its sandbox with it. */
const MAX_SESSIONS = 25;

export const listActiveSessions = defineTool({
  name: "list_active_sessions",
  title: "List active sessions",
  description:
    "Lists your sessions that work or wait now, with the processes that run for each, asked of the sandboxes now. " +
    `Up to ${MAX_SESSIONS}, the newest first; list_sessions has the others.`,
  scope: "sessions:read",
  toolset: "runtime",
  input: z.strictObject({}),
  output: z.object({ sessions: z.array(sessionProcessesSchema) }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run(_args, { principal, services }) {
    return { sessions: await services.sessions.listRunning(principal, MAX_SESSIONS) };
  },
});
