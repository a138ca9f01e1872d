// Lets an HTTP hook of the session out, or not: the right team and runtime, and one of the addresses that are configured.
import { answer, type Answer, failure } from "../../shared/errors/app-error.ts";
import type { ServerRequestQuestion } from "../../shared/rpc/session-api.ts";
import type { SessionRow } from "../sessions/session-store.ts";

type Asked = Pick<SessionRow, "team_id" | "runtime_id">;

export function admitHook(
  { team_id, runtime_id }: Asked,
  question: ServerRequestQuestion,
  { url, urls }: { url: string; urls: readonly string[] },
): Answer<null> {
  if (team_id !== question.team_id || runtime_id !== question.runtime_id) {
    return failure("run_token_refused", "This sandbox was replaced, or the session is not yours: its token is void.");
  }
  if (!urls.includes(url)) return failure("not_found", "This session has no hook of that address.");
  return answer(null);
}
