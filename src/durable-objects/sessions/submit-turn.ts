// Takes a prompt: makes the session on its first one, answers a repeated call with the first answer, queues the turn.
import { isSameTask } from "../../shared/agents/same-task.ts";
import { nameSameFiles, uploadedBytes } from "../../shared/attachments/schema.ts";
import { answer, failure, type Answer } from "../../shared/errors/app-error.ts";
import { shortenText } from "../../shared/events/shorten.ts";
import { MAX_ATTACHMENTS_BYTES, MAX_QUEUED_TURNS } from "../../shared/limits.ts";
import { cutToCeiling } from "../../shared/permissions/permission-mode.ts";
import type { SessionProject, SubmitTurn, SubmittedTurn } from "../../shared/rpc/session-api.ts";
import type { SessionAgent } from "../agents/session-agent.ts";
import type { SteerDesk } from "../steering/steer-desk.ts";
import type { SteerStore } from "../steering/steer-store.ts";
import type { SessionLog, SessionLogParts } from "./session-log.ts";
import type { TurnRow } from "./turn-store.ts";

const TITLE_CHARACTERS = 80;

export type TurnSubmitter = { submit(request: SubmitTurn): Answer<SubmittedTurn> };

type Parts = SessionLogParts & { agent: Pick<SessionAgent, "get" | "told">; steers: SteerStore; steering: SteerDesk };

const CONFLICT = failure(
  "idempotency_conflict",
  "This idempotency_key was used with another prompt or agent. Use a new key.",
);

export function createTurnSubmitter(parts: Parts, log: SessionLog): TurnSubmitter {
  return {
    submit(request) {
      if (!runsAsAsked(parts, request)) return CONFLICT;
      const earlier = findEarlier(parts, request.idempotency_key);
      if (earlier !== null) return repeat(parts, earlier, request);
      const refusal = refuse(parts, request);
      if (refusal !== null) return refusal;
      const running = request.if_busy === "steer" ? parts.steering.target() : null;
      if (running !== null) {
        const steer = log.write(() => parts.steering.add(running, request.prompt, request.idempotency_key));
        return answer(submitted(parts, { ...steer, steered: true }));
      }
      const turn = log.write(() => {
        const added = addTurn(parts, request);
        log.refreshStatus();
        log.oweRow();
        return added;
      });
      return answer(submitted(parts, { ...turn, steered: false }));
    },
  };
}

/** Who names no session means to begin this one; where it is there already, its key began it as whoever it runs as. */
function runsAsAsked({ agent }: Parts, request: SubmitTurn): boolean {
  const told = agent.told();
  const begun = told?.is_execution === true ? told.agent_id : undefined;
  return request.must_exist || begun === request.agent?.agent.agent_id;
}

/** What the same key led to before: a turn, or a prompt that joined one. */
type Earlier = Pick<TurnRow, "turn_id" | "prompt" | "submitted_cursor"> & {
  steered: boolean;
  options?: TurnRow["options"];
};

function findEarlier(parts: Parts, key: string | null): Earlier | null {
  if (key === null) return null;
  const turn = parts.turns.findByKey(key);
  if (turn !== null) return { ...turn, steered: false };
  const steer = parts.steers.findByKey(key);
  return steer === null ? null : { ...steer, steered: true };
}

/** Makes the session's row. The conversation at Claude Code's side gets an id of its own. */
export function createSession(
  parts: SessionLogParts,
  request: Pick<SubmitTurn, "principal" | "session_id"> & { title: string; forked_from: string | null },
  project: SessionProject,
): void {
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
    forked_from_claude_session_id: request.forked_from,
    title: request.title,
    created_at: parts.clock.nowIso(),
  });
}

/** Later turns that name no model use the one that the execution began with. */
export function beginAsAgent(
  { sessions, agent }: Pick<SessionLogParts, "sessions"> & { agent: Pick<SessionAgent, "pin"> },
  request: Pick<SubmitTurn, "agent" | "options">,
): void {
  if (request.agent === undefined) return;
  agent.pin(request.agent, true);
  const { preferred_permission_mode } = sessions.get();
  sessions.setPreferences({ preferred_model: request.options.model ?? null, preferred_permission_mode });
}

/** A session is called after its first prompt. */
export function titleOf(prompt: string): string {
  return shortenText(prompt.trim().replace(/\s+/g, " "), TITLE_CHARACTERS);
}

function refuse(parts: Parts, request: SubmitTurn): ReturnType<typeof failure> | null {
  if (request.problem !== undefined) return { ok: false, error: request.problem };
  const session = parts.sessions.get();
  if (session.status === "ended" || session.status === "failed") {
    return failure("session_ended", "This session has ended. Leave session_id out to begin a new one.");
  }
  if (request.project !== null && request.project.project_id !== session.project_id) {
    const message = `This session works in the project ${session.project_name}. Leave project out, or begin a new session.`;
    return failure("invalid_argument", message);
  }
  const unended = parts.turns.countUnended();
  if (request.if_busy === "refuse" && unended.open + unended.queued > 0) {
    return failure("session_busy", "A turn runs or waits in this session. Wait for it, or leave if_busy out to queue.");
  }
  // A prompt that is to join a turn waits like any other until the runner has it, or it becomes a turn of its own.
  if (unended.queued + parts.steers.countPending() >= MAX_QUEUED_TURNS) {
    const message = `This session has ${MAX_QUEUED_TURNS} prompts waiting. Wait for some to end, or interrupt it.`;
    return failure("too_many_queued_turns", message);
  }
  return refuseFiles(parts, request);
}

/** Each request to the model carries the whole conversation, with the files of all its prompts. */
function refuseFiles({ sessions, turns }: Parts, { options }: SubmitTurn): ReturnType<typeof failure> | null {
  const files = options.attachments ?? [];
  if (files.length === 0) return null;
  const attachedBytes = sessions.get().inherited_attached_bytes + turns.attachedBytes();
  const leftBytes = MAX_ATTACHMENTS_BYTES - attachedBytes;
  if (leftBytes > 0 && uploadedBytes(files) <= leftBytes) return null;
  const message =
    `This conversation has ${attachedBytes} bytes of attachments; with these it would have more than ${MAX_ATTACHMENTS_BYTES}. ` +
    "Leave session_id out to begin a new session, or let Claude Code read the files in the project.";
  return failure("attachment_refused", message);
}

function addTurn(parts: Parts, request: SubmitTurn): TurnRow {
  const { ceiling } = request;
  const { preferred_model, preferred_permission_mode } = parts.sessions.get();
  const options = { ...request.options };
  if (options.model === undefined && preferred_model !== null) options.model = preferred_model;
  const budget = parts.agent.get()?.pinned.agent.default_budget_usd ?? null;
  if (options.max_budget_usd === undefined && budget !== null) options.max_budget_usd = budget;
  const wanted = options.permission_mode ?? preferred_permission_mode ?? "acceptEdits";
  return parts.turns.add({
    turn_id: parts.clock.newId(),
    origin: "prompt",
    status: "queued",
    prompt: request.prompt,
    options,
    permission_mode: cutToCeiling(wanted, ceiling.permission_mode),
    allow_bypass: ceiling.permission_mode === "bypassPermissions",
    idempotency_key: request.idempotency_key,
    submitted_cursor: parts.events.cursor(),
    runtime_id: null,
    created_at: parts.clock.nowIso(),
    ...(request.traceparent === undefined ? {} : { traceparent: request.traceparent }),
  });
}

function repeat(parts: Parts, earlier: Earlier, request: SubmitTurn): Answer<SubmittedTurn> {
  const first = { prompt: earlier.prompt, agent: parts.agent.get()?.pinned ?? null };
  const again = { prompt: request.prompt, agent: request.agent ?? null };
  const isSame = isSameTask(first, again) && namesTheSame(earlier, request);
  return isSame ? answer(submitted(parts, earlier)) : CONFLICT;
}

/** Files that are gone by now cannot be compared: the key and the prompt say enough. */
function namesTheSame(earlier: Earlier, { options, problem }: SubmitTurn): boolean {
  return problem !== undefined || nameSameFiles(earlier.options?.attachments ?? [], options.attachments ?? []);
}

function submitted(
  parts: Parts,
  { turn_id, submitted_cursor, steered }: Omit<Earlier, "prompt" | "options">,
): SubmittedTurn {
  const { session_id, status } = parts.sessions.get();
  const permission_mode = parts.turns.get(turn_id)?.permission_mode ?? "default";
  const agent = parts.agent.told();
  return { session_id, turn_id, status, cursor: submitted_cursor, permission_mode, steered, ...(agent && { agent }) };
}
