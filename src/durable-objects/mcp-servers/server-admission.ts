// Lets a request to one of the session's MCP servers through, or not: the right team and runtime, and a session that has not ended.
import { answer, type Answer, failure } from "../../shared/errors/app-error.ts";
import type { ServerRequestQuestion } from "../../shared/rpc/session-api.ts";
import type { SessionRow } from "../sessions/session-store.ts";

type Asked = Pick<SessionRow, "team_id" | "status" | "runtime_id" | "owner_id" | "project_id">;

export function admitServerRequest(
  session: Asked,
  question: ServerRequestQuestion,
): Answer<{ owner_id: string; project_id: string }> {
  if (session.team_id !== question.team_id || session.status === "ended") {
    return failure("run_token_refused", "This session has ended or is not yours.");
  }
  if (session.runtime_id !== question.runtime_id) {
    return failure("run_token_refused", "This sandbox was replaced: its token is void.");
  }
  return answer({ owner_id: session.owner_id, project_id: session.project_id });
}
