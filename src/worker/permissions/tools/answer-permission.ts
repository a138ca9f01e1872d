// answer_permission: passes a person's answer on, for a client that was given the scope for it.
import { z } from "zod";
import { uuidSchema } from "../../../shared/ids.ts";
import { type PermissionAnswer, permissionAnswerSchema } from "../../../shared/permissions/permission-request.ts";
import { AppError } from "../../../shared/errors/app-error.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { sessionIdField } from "../../sessions/tool-fields.ts";

/** What holds for all projects is decided on the page, where the rule is shown. */
const DECISIONS = ["allow_once", "allow_session", "deny", "answer"] as const;

const input = z.strictObject({
  session_id: sessionIdField,
  request_id: uuidSchema.describe("The request, as list_pending_permissions gives it."),
  decision: z
    .enum(DECISIONS)
    .describe("`answer` is for questions, with content. To allow for all projects the person opens consent_url."),
  message: z.string().max(1000).optional().describe("With deny: what Claude is told."),
  content: z
    .record(z.string(), z.json())
    .optional()
    .describe("With answer: the answer to each question by its text, or to each field by its name."),
});

export const answerPermission = defineTool({
  name: "answer_permission",
  title: "Pass on a person's answer",
  description:
    "Passes on what a person answered to a permission request of a session. The first answer stands. Never call it " +
    "without having asked the person: it lets tools run in their name.",
  scope: "permissions:answer",
  toolset: "permissions",
  input,
  output: z.object({ request_id: uuidSchema, behavior: z.enum(["allow", "deny"]) }),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
  stops: ({ decision }) => decision === "deny",
  async run({ session_id, request_id, ...given }, { principal, clientId, services }) {
    const answer = { session_id, request_id, answer: readAnswer(given), way: "tool", client_id: clientId } as const;
    const { request } = await services.permissions.answer(principal, answer);
    return { request_id, behavior: request.settled?.behavior ?? "deny" };
  },
});

function readAnswer(given: Pick<z.output<typeof input>, "decision" | "message" | "content">): PermissionAnswer {
  const read = permissionAnswerSchema.safeParse(given);
  if (read.success) return read.data;
  throw new AppError("invalid_argument", "message goes with deny, and content with answer.");
}
