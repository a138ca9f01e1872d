// delete_session: removes everything of a session, and says so only when it is true.
import { z } from "zod";
import { uuidSchema } from "../../../shared/ids.ts";
import { defineTool } from "../../mcp/define-tool.ts";

export const deleteSession = defineTool({
  name: "delete_session",
  title: "Delete a session",
  description:
    "Deletes a session and everything that is stored of it: running work is ended first, then its events, transcripts, " +
    "archive and watch links are removed for good. The project's files stay, and so do the usage rows (costs and tokens) " +
    "for accounting. Answers `deleted: true` only when nothing is left; otherwise the error says what is, the session takes " +
    "no prompts any more, and deleting goes on by itself. A repeat is fine until the session is not found.",
  scope: "sessions:write",
  toolset: "archive",
  input: z.strictObject({ session_id: uuidSchema.describe("The session's id, as list_sessions gives it.") }),
  output: z.object({ session_id: uuidSchema, deleted: z.literal(true).describe("Nothing is left of it.") }),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  async run({ session_id }, { principal, services }) {
    await services.archive.remove(principal, session_id);
    return { session_id, deleted: true as const };
  },
});
