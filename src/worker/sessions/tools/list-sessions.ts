// list_sessions: the person's sessions, newest first, in pages.
import { z } from "zod";
import { sessionStatusSchema } from "../../../shared/sessions/schema.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { encodePageCursor, pageCursorField } from "../page-cursor.ts";
import { projectField, sessionIdField, statusField } from "../tool-fields.ts";

const MAX_TITLE_CHARACTERS = 120;

export const listSessions = defineTool({
  name: "list_sessions",
  title: "List sessions",
  description:
    "Lists your sessions, newest first, with state, number of turns and cost. " +
    "The list may lag a moment behind; get_session is exact.",
  scope: "sessions:read",
  toolset: "sessions",
  input: z.strictObject({
    project: projectField.optional().describe("Only sessions of this project."),
    status: sessionStatusSchema.optional().describe("Only sessions in this state."),
    limit: z.int().min(1).max(100).default(20).describe("How many to give at most, 1 to 100; default 20."),
    cursor: pageCursorField.optional().describe("The next_cursor of the page before, to go on after it."),
  }),
  output: z.object({
    sessions: z.array(
      z.object({
        session_id: sessionIdField,
        project: z.string(),
        title: z.string(),
        status: statusField,
        status_reason: z.string().nullable(),
        turns: z.int(),
        cost_usd: z.number(),
        created_at: z.string(),
        updated_at: z.string(),
      }),
    ),
    next_cursor: z.string().nullable().describe("Give this as cursor for the next page; null on the last."),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run(args, { principal, services }) {
    const filter = { project: args.project ?? null, status: args.status ?? null, after: args.cursor ?? null };
    const rows = await services.sessions.list(principal, { ...filter, limit: args.limit + 1 });
    const page = rows.slice(0, args.limit);
    const last = rows.length > args.limit ? page.at(-1) : undefined;
    return {
      sessions: page.map((row) => ({
        ...row,
        title: row.title.slice(0, MAX_TITLE_CHARACTERS),
        status_reason: row.status_reason?.slice(0, 200) ?? null,
      })),
      next_cursor: last === undefined ? null : encodePageCursor(last),
    };
  },
});
