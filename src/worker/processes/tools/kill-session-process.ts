// kill_session_process: ends one process of a session.
import { z } from "zod";
import { defineTool } from "../../mcp/define-tool.ts";
import { sessionIdField } from "../../sessions/tool-fields.ts";

export const killSessionProcess = defineTool({
  name: "kill_session_process",
  title: "End a session's process",
  description:
    "Ends one process that runs for a session, by the process id that get_session_processes gives. " +
    "Ending Claude Code itself fails its running turn; the session takes the next prompt.",
  scope: "sessions:write",
  toolset: "runtime",
  input: z.strictObject({
    session_id: sessionIdField,
    pid: z.int().positive().describe("The process id. Only a process of this session is ended."),
    force: z.boolean().default(false).describe("End it at once (SIGKILL) instead of asking it to end (SIGTERM)."),
  }),
  output: z.object({ killed: z.boolean().describe("False when no process of this session has this id.") }),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  stops: () => true,
  async run({ session_id, pid, force }, { principal, services }) {
    return { killed: await services.sessions.killProcess(principal, session_id, { pid, force }) };
  },
});
