// get_session_processes: what runs in the sandbox for a session, asked now.
import { z } from "zod";
import { defineTool } from "../../mcp/define-tool.ts";
import { sessionIdField } from "../../sessions/tool-fields.ts";
import { sessionProcessesSchema } from "../tool-fields.ts";

export const getSessionProcesses = defineTool({
  name: "get_session_processes",
  title: "Show a session's processes",
  description:
    "Gives the processes that run in the sandbox for a session, Claude Code and what it started: process id, command, start, processor and memory. " +
    "Asked of the sandbox now; never starts one.",
  scope: "sessions:read",
  toolset: "runtime",
  input: z.strictObject({ session_id: sessionIdField }),
  output: sessionProcessesSchema,
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  run: ({ session_id }, { principal, services }) => services.sessions.getProcesses(principal, session_id),
});
