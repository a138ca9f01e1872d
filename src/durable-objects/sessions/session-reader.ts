// What the session shows: its summary, its turn and result, its events from a cursor on, now or as they come.
import { z } from "zod";
import { failure } from "../../shared/errors/app-error.ts";
import type { SessionView, WaitAnswer, WaitRequest } from "../../shared/rpc/session-api.ts";
import type { SessionSummary, TurnSummary } from "../../shared/sessions/schema.ts";
import type { PendingPermission, PermissionRequestView } from "../../shared/permissions/permission-request.ts";
import type { SessionAgent } from "../agents/session-agent.ts";
import type { PermissionDesk } from "../permissions/permission-desk.ts";
import type { ArchivedLog } from "../archive/archived-log.ts";
import type { SessionLogParts } from "./session-log.ts";
import type { TurnRow } from "./turn-store.ts";

const PAGE = { maxEvents: 200, maxBytes: 96 * 1024 };

const namesSchema = z.array(z.string().max(200)).max(1_000).catch([]);
const startupSchema = z.object({ slash_commands: namesSchema });

type Parts = Pick<SessionLogParts, "sessions" | "turns" | "events" | "bell" | "clock"> & {
  archived: Pick<ArchivedLog, "page">;
  permissions: Pick<PermissionDesk, "pending">;
  agent: Pick<SessionAgent, "told">;
};

export type SessionReader = {
  view(turnId?: string | null): SessionView;
  wait(request: WaitRequest): Promise<WaitAnswer>;
  startup(): { slash_commands: string[] };
  /** For a cursor that this session has not reached. */
  refuseCursor(request: WaitRequest): ReturnType<typeof failure> | null;
};

export function createSessionReader(parts: Parts): SessionReader {
  const view = (turnId: string | null = null): SessionView => {
    const turn = pickTurn(parts, turnId);
    return {
      session: summarize(parts),
      turn: turn === null ? null : summarizeTurn(turn),
      result: turn?.result ?? null,
      pending_permissions: parts.permissions.pending().map(shorten),
    };
  };

  /** Cheap, because it is asked again with every event. */
  const isSettled = (request: WaitRequest): boolean =>
    (request.return_on === "event" && parts.events.cursor() > request.after_cursor) || isOver(view(request.turn_id));

  const show = async (request: WaitRequest, settled: boolean): Promise<WaitAnswer> => {
    const events = await parts.archived.page(request.after_cursor, PAGE);
    const next_cursor = events.at(-1)?.seq ?? Math.min(request.after_cursor, parts.events.cursor());
    const has_more = next_cursor < parts.events.cursor();
    return { ...view(request.turn_id), events, next_cursor, has_more, settled };
  };

  return {
    view,
    startup: () => startupSchema.parse(parts.events.newestInit() ?? {}),
    refuseCursor({ after_cursor }) {
      const cursor = parts.events.cursor();
      if (after_cursor <= cursor) return null;
      const message = `The session's newest event is ${cursor}; the cursor ${after_cursor} is not of this session.`;
      return failure("invalid_argument", message);
    },
    async wait(request) {
      const deadline = parts.clock.nowMs() + request.wait_ms;
      for (;;) {
        const settled = isSettled(request);
        const leftMs = deadline - parts.clock.nowMs();
        if (settled || leftMs <= 0) return show(request, settled);
        await parts.bell.wait(leftMs);
      }
    },
  };
}

/** Nothing more comes of this turn by itself: it ended, or a person is needed. */
function isOver(view: SessionView): boolean {
  const { status } = view.session;
  if (status === "ended" || status === "failed" || status === "waiting_for_permission") return true;
  return view.turn === null || view.turn.ended_at !== null;
}

function shorten({ request_id, kind, tool, summary, reason, expires_at }: PermissionRequestView): PendingPermission {
  return { request_id, kind, tool, summary, reason, expires_at };
}

/** The turn that was asked for, else the one that runs, else the newest. */
function pickTurn(parts: Parts, turnId: string | null): TurnRow | null {
  if (turnId !== null) return parts.turns.get(turnId);
  return parts.turns.open().at(-1) ?? parts.turns.nextQueued() ?? parts.turns.newest();
}

function summarize(parts: Parts): SessionSummary {
  const session = parts.sessions.get();
  return {
    session_id: session.session_id,
    project: session.project_name,
    branch: session.branch,
    status: session.status,
    status_reason: session.status_reason,
    title: session.title,
    created_at: session.created_at,
    updated_at: session.updated_at,
    turns: parts.turns.count(),
    cursor: parts.events.cursor(),
    cost_usd: session.cost_usd,
    agent: parts.agent.told(),
  };
}

function summarizeTurn(turn: TurnRow): TurnSummary {
  const { turn_id, number, origin, status, reason, created_at, started_at, ended_at } = turn;
  return { turn_id, number, origin, status, reason, created_at, started_at, ended_at };
}
