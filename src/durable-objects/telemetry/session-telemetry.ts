// What a session measures: turns, tool calls and model requests as spans of one trace, and the points of their metrics.
import type { TelemetryTeller } from "../../shared/telemetry/teller.ts";
import { outerSpanIdOf, readTraceparent, spanIdOf } from "../../shared/telemetry/trace-context.ts";
import type { Clock } from "../clock.ts";
import type { EventStore, NewEvent } from "../events/event-store.ts";
import type { SessionStore } from "../sessions/session-store.ts";
import type { TurnRow, TurnStore } from "../sessions/turn-store.ts";
import { createMeasures, type Measures } from "./measures.ts";
import { measureModelRequest, type MeasuredRequest } from "./model-telemetry.ts";
import { createToolTelemetry } from "./tool-telemetry.ts";

type Parts = {
  teller: TelemetryTeller;
  sessions: Pick<SessionStore, "get">;
  turns: Pick<TurnStore, "get">;
  clock: Clock;
};

export type SessionTelemetry = {
  sessionCreated(): void;
  /** Each event, as it is appended. */
  heard(event: NewEvent): void;
  modelRequest(turnId: string | null, request: MeasuredRequest): void;
};

export function createSessionTelemetry(parts: Parts): SessionTelemetry {
  const { sessions, clock } = parts;
  const measures = createMeasures(parts);
  const tools = createToolTelemetry(measures, clock);
  const turnOf = (turnId: string | null): TurnRow | null => (turnId === null ? null : parts.turns.get(turnId));
  return {
    sessionCreated: () => measures.point("claude_code.sessions.total", 1),
    modelRequest: (turnId, request) => measureModelRequest(measures, turnOf(turnId), request),
    heard(event) {
      const { type, turn_id, data } = event;
      if (type === "tool_call_started") tools.started(event);
      if (type === "tool_call_completed") tools.completed(event, turnOf(turn_id));
      if (type === "turn_completed") measureTurn(measures, turnOf(turn_id), String(data["status"]), clock.nowMs());
      if (type !== "session_status_changed" || data["status"] !== "ended") return;
      const lastedMs = clock.nowMs() - Date.parse(sessions.get().created_at);
      measures.point("claude_code.session.duration", lastedMs / 1000);
    },
  };
}

/** Two spans: `session` from the prompt on, what it waited for included, and within it the turn itself. */
function measureTurn(measures: Measures, turn: TurnRow | null, status: string, end_ms: number): void {
  if (turn === null) return;
  const [outer, inner] = [outerSpanIdOf(turn.turn_id), spanIdOf(turn.turn_id)];
  const shared = { kind: "internal", end_ms, is_error: status === "failed" } as const;
  const parent_span_id = readTraceparent(turn.traceparent)?.span_id ?? null;
  const begun = { start_ms: Date.parse(turn.created_at), parent_span_id, span_id: outer };
  measures.span(turn, { ...shared, ...begun, name: "session" });
  if (turn.started_at === null) return;
  const start_ms = Date.parse(turn.started_at);
  measures.point("claude_code.turn.duration", (end_ms - start_ms) / 1000, { status });
  const attributes = {
    "gen_ai.operation.name": "invoke_agent",
    "gen_ai.agent.name": "claude_code",
    "berth.turn.status": status,
    ...(shared.is_error ? { "error.type": "turn_failed" } : {}),
  };
  const within = { start_ms, parent_span_id: outer, span_id: inner, attributes };
  measures.span(turn, { ...shared, ...within, name: "invoke_agent claude_code" });
}

/** The log as it is, with telemetry listening. */
export function watchEvents(events: EventStore, telemetry: Pick<SessionTelemetry, "heard">): EventStore {
  return {
    ...events,
    append(event) {
      const seq = events.append(event);
      telemetry.heard(event);
      return seq;
    },
  };
}

export function watchCreation(
  sessions: SessionStore,
  telemetry: Pick<SessionTelemetry, "sessionCreated">,
): SessionStore {
  return {
    ...sessions,
    create(session) {
      sessions.create(session);
      telemetry.sessionCreated();
    },
  };
}
