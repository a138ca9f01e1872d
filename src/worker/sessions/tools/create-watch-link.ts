// create_watch_link: a link under which a person's browser shows a session live.
import { z } from "zod";
import { defineTool } from "../../mcp/define-tool.ts";
import { sessionIdField } from "../tool-fields.ts";

export const createWatchLink = defineTool({
  name: "create_watch_link",
  title: "Link to watch a session",
  description:
    "Gives a link under which a person's browser shows the session live: all events so far, then each as it comes. " +
    "The link opens once, within 60 seconds, and shows nothing that this connection could not read; hand it to the " +
    "person at once. The session itself does not change, hence read-only.",
  scope: "sessions:read",
  toolset: "sessions",
  input: z.strictObject({ session_id: sessionIdField }),
  output: z.object({
    url: z.string().describe("Opens once. It is a secret until then."),
    expires_at: z.string().describe("After this time it opens nothing, ISO 8601."),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: false, openWorldHint: false },
  audited: true,
  run: ({ session_id }, { principal, services }) => services.watching.createLink(principal, session_id),
});
