// list_active_sessions: which of a person's sessions work now, and what runs for each.
import { z } from "zod";
import { defineTool } from "../../mcp/define-tool.ts";
import { sessionProcessesSchema, teamRowSchema } from "../tool-fields.ts";

/** Each is asked, and its sandbox with it. */
const MAX_SESSIONS = 25;
const MAX_TEAM_ROWS = 100;

export const listActiveSessions = defineTool({
  name: "list_active_sessions",
  title: "List active sessions",
  description:
    "Lists your sessions that work or wait now, with the processes that run for each, asked of the sandboxes now. " +
    `Up to ${MAX_SESSIONS}, the newest first; list_sessions has the others. ` +
    "An owner of the team also gets what runs across it with whose: team, without what the work is about.",
  scope: "sessions:read",
  toolset: "runtime",
  input: z.strictObject({
    whose: z.enum(["mine", "team"]).default("mine").describe("team: besides, one row for each session of the team."),
  }),
  output: z.object({
    sessions: z.array(sessionProcessesSchema).describe("Yours."),
    team: z.array(teamRowSchema).nullable().describe("Everybody's, yours among them; null unless asked for."),
    team_has_more: z.boolean().describe(`True when the team has more than ${MAX_TEAM_ROWS} of them.`),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run({ whose }, { principal, services }) {
    const team = whose === "team" ? await services.processes.listTeam(principal, MAX_TEAM_ROWS) : null;
    const sessions = await services.sessions.listRunning(principal, MAX_SESSIONS);
    return { sessions, team: team?.rows ?? null, team_has_more: team?.hasMore ?? false };
  },
});
