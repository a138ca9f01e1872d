// Takes a prompt: makes the session on its first one, answers a repeated call with the first answer, queues the turn.
import { answer, failure, type Answer } from "../../shared/errors/app-error.ts";
import { shortenText } from "../../shared/events/shorten.ts";
import { MAX_QUEUED_TURNS } from "../../shared/limits.ts";
import { cutToCeiling } from "../../shared/permissions/permission-mode.ts";
import type { SessionProject, SubmitTurn, SubmittedTurn } from "../../shared/rpc/session-api.ts";
import type { SessionLog, SessionLogParts } from "./session-log.ts";
import type { TurnRow } from "./turn-store.ts";

const TITLE_CHARACTERS = 80;

export type TurnSubmitter = { submit(request: SubmitTurn): Answer<SubmittedTurn> };

export function createTurnSubmitter(parts: SessionLogParts, log: SessionLog): TurnSubmitter {
  return {
    submit(request) {
      const earlier = request.idempotency_key === null ? null : parts.turns.findByKey(request.idempotency_key);
      if (earlier !== null) return repeat(parts, earlier, request);
      const refusal = refuse(parts, request);
      if (refusal !== null) return refusal;
      const turn = log.write(() => {
        const added = addTurn(parts, request);
        log.refreshStatus();
        log.oweRow();
        return added;
      });
      return answer(submitted(parts, turn));
    },
  };
}

/** Makes the session's row. The conversation at Claude Code's side gets an id of its own. */
export function createSession(parts: SessionLogParts, request: SubmitTurn, project: SessionProject): void {
  parts.sessions.create({
    session_id: request.session_id,
    team_id: request.principal.team_id,
    owner_id: request.principal.user_id,
    project_id: project.project_id,
    project_name: project.name,
    workspace_id: project.workspace_id,
    branch: project.branch,
    git_url: project.git_url,
    claude_session_id: parts.clock.newId(),
    title: shortenText(request.prompt.trim().replace(/\s+/g, " "), TITLE_CHARACTERS),
    created_at: parts.clock.nowIso(),
  });
}

function refuse(parts: SessionLogParts, request: SubmitTurn): ReturnType<typeof failure> | null {
  const session = parts.sessions.get();
  if (session.status === "ended" || session.status === "failed") {
    return failure("session_ended", "This session has ended. Leave session_id out to begin a new one.");
  }
  if (request.project !== null && request.project.project_id !== session.project_id) {
    const message = `This session works in the project ${session.project_name}. Leave project out, or begin a new session.`;
    return failure("invalid_argument", message);
  }
  if (parts.turns.countUnended().queued >= MAX_QUEUED_TURNS) {
    const message = `This session has ${MAX_QUEUED_TURNS} prompts waiting. Wait for some to end, or interrupt it.`;
    return failure("too_many_queued_turns", message);
  }
  return null;
}

function addTurn(parts: SessionLogParts, request: SubmitTurn): TurnRow {
  const { ceiling, options } = request;
  return parts.turns.add({
    turn_id: parts.clock.newId(),
    origin: "prompt",
    status: "queued",
    prompt: request.prompt,
    options,
    permission_mode: cutToCeiling(options.permission_mode ?? "acceptEdits", ceiling.permission_mode),
    allow_bypass: ceiling.permission_mode === "bypassPermissions",
    idempotency_key: request.idempotency_key,
    submitted_cursor: parts.events.cursor(),
    runtime_id: null,
    created_at: parts.clock.nowIso(),
  });
}

function repeat(parts: SessionLogParts, earlier: TurnRow, request: SubmitTurn): Answer<SubmittedTurn> {
  if (earlier.prompt === request.prompt) return answer(submitted(parts, earlier));
  return failure("idempotency_conflict", "This idempotency_key was used with another prompt. Use a new key.");
}

function submitted(parts: SessionLogParts, turn: TurnRow): SubmittedTurn {
  const { session_id, status } = parts.sessions.get();
  return { session_id, turn_id: turn.turn_id, status, cursor: turn.submitted_cursor };
}
