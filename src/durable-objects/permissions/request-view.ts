// What a permission request looks like from outside: the call, who started it, and where it stands.
import type { PermissionRequestView } from "../../shared/permissions/permission-request.ts";
import { summarizeCall } from "../../shared/permissions/summarize-call.ts";
import type { SessionLogParts } from "../sessions/session-log.ts";
import type { RequestRow } from "./permission-book.ts";

const MAX_PROMPT_CHARACTERS = 1000;

export function showRequest(
  { sessions, turns }: Pick<SessionLogParts, "sessions" | "turns">,
  row: RequestRow,
): PermissionRequestView {
  const { session_id, title, project_name, branch, owner_id } = sessions.get();
  const turn = turns.get(row.turn_id);
  const { request_id, kind, tool_name, tool_use_id, permission_mode, tool_input, cwd, reason } = row;
  const { rule, rule_scope, always_rule, session_rule, requested_at, expires_at_ms, resolution, resolved_at } = row;
  return {
    request_id,
    kind,
    tool: tool_name,
    summary: summarizeCall(kind, tool_name, tool_input),
    reason,
    expires_at: new Date(expires_at_ms).toISOString(),
    tool_use_id,
    permission_mode,
    tool_input,
    cwd,
    rule,
    rule_scope,
    always_rule,
    session_rule,
    requested_at,
    session: { session_id, title, project: project_name, branch, started_by: owner_id },
    prompt: turn === null || turn.origin !== "prompt" ? null : beginning(turn.prompt),
    settled: resolution === null || resolved_at === null ? null : { ...resolution, at: resolved_at },
  };
}

function beginning(prompt: string): string {
  return prompt.length > MAX_PROMPT_CHARACTERS ? `${prompt.slice(0, MAX_PROMPT_CHARACTERS)} …` : prompt;
}
