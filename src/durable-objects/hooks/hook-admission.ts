// Lets an HTTP hook of the session out, or not: the right team and runtime, a session that goes on or has
// just ended, and one of the addresses that are configured.
import { answer, type Answer, failure } from "../../shared/errors/app-error.ts";
import type { ServerRequestQuestion } from "../../shared/rpc/session-api.ts";
import type { SessionRow } from "../sessions/session-store.ts";

type Asked = Pick<SessionRow, "team_id" | "runtime_id" | "status" | "updated_at">;

/** SessionEnd fires once the session has ended and Claude Code has gone: as long as a hook may take. */
const LAST_HOOKS_MS = 60_000;

export function admitHook(
  { team_id, runtime_id, status, updated_at }: Asked,
  question: ServerRequestQuestion,
  { url, urls, nowMs }: { url: string; urls: readonly string[]; nowMs: number },
): Answer<null> {
  if (team_id !== question.team_id || runtime_id !== question.runtime_id) {
    return failure("run_token_refused", "This sandbox was replaced, or the session is not yours: its token is void.");
  }
  if (status === "ended" && nowMs - Date.parse(updated_at) > LAST_HOOKS_MS) {
    return failure("run_token_refused", "This session has ended, and its last hooks were sent.");
  }
  if (!urls.includes(url)) return failure("not_found", "This session has no hook of that address.");
  return answer(null);
}
