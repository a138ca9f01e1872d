// What a session measures: turns, tool calls and model requests as spans of one trace, and the points of their metrics.
import type { AnswerUsage } from "../../shared/accounting/answer-usage.ts";
import { canonicalModel } from "../../shared/accounting/price-list.ts";
import { readTokens } from "../../shared/accounting/token-usage.ts";
import type { ModelTiming } from "../../shared/rpc/session-api.ts";
import type { Span } from "../../shared/telemetry/batch.ts";
import type { MetricName } from "../../shared/telemetry/metrics.ts";
import { toolLabel } from "../../shared/telemetry/labels.ts";
import type { TelemetryTeller } from "../../shared/telemetry/teller.ts";
import { outerSpanIdOf, readTraceparent, spanIdOf, traceIdOf } from "../../shared/telemetry/trace-context.ts";
import type { Clock } from "../clock.ts";
import type { EventStore, NewEvent } from "../events/event-store.ts";
import type { SessionStore } from "../sessions/session-store.ts";
import type { TurnRow, TurnStore } from "../sessions/turn-store.ts";

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
  /** `cost`: null for a price that nobody knows. */
  modelRequest(turnId: string | null, request: MeasuredRequest): void;
};

type MeasuredRequest = { usage: AnswerUsage | null; cost: number | null; timing: ModelTiming };

/** Calls whose end is still to come; a session has few at a time. */
const MAX_CALLS = 500;
const RUNTIME = { runtime: "claude_code" } as const;

export function createSessionTelemetry(parts: Parts): SessionTelemetry {
  const { teller, sessions, turns, clock } = parts;
  const tools = new Map<string, string>();
  const point = (name: MetricName, value: number, attributes: Record<string, string> = {}): void =>
    teller.point({ name, value, attributes: { ...RUNTIME, ...attributes } });
  const spanOf = (turn: TurnRow, span: Omit<Span, "trace_id" | "attributes"> & { attributes?: Span["attributes"] }) => {
    const context = readTraceparent(turn.traceparent);
    if (context?.sampled === false) return;
    const ids = { "gen_ai.conversation.id": sessions.get().session_id, "berth.turn.id": turn.turn_id };
    const trace_id = context?.trace_id ?? traceIdOf(turn.turn_id);
    teller.span({ ...span, trace_id, attributes: { ...ids, ...span.attributes } });
  };
  const below = (turn: TurnRow) => ({ parent_span_id: spanIdOf(turn.turn_id), span_id: spanIdOf(clock.newId()) });

  const toolEnded = ({ turn_id, data }: NewEvent): void => {
    const id = String(data["tool_use_id"]);
    const name = tools.get(id) ?? "unknown";
    tools.delete(id);
    const duration = data["duration_ms"];
    if (typeof duration !== "number") return;
    const isError = data["is_error"] === true;
    point("claude_code.tool.latency", duration, { "gen_ai.tool.name": toolLabel(name), outcome: isError ? "error" : "ok" });
    const turn = turn_id === null ? null : turns.get(turn_id);
    if (turn === null) return;
    const end_ms = clock.nowMs();
    const attributes = { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name.slice(0, 200), "gen_ai.tool.call.id": id };
    const time = { start_ms: end_ms - duration, end_ms };
    spanOf(turn, { ...below(turn), ...time, name: `execute_tool ${toolLabel(name)}`, kind: "internal", attributes, is_error: isError });
  };
  const turnEnded = (turn: TurnRow, status: string): void => {
    const end_ms = clock.nowMs();
    const start_ms = turn.started_at === null ? null : Date.parse(turn.started_at);
    const is_error = status === "failed";
    const attributes = { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "claude_code", "berth.turn.status": status };
    if (start_ms !== null) {
      point("claude_code.turn.duration", (end_ms - start_ms) / 1000, { status });
      const ids = { parent_span_id: outerSpanIdOf(turn.turn_id), span_id: spanIdOf(turn.turn_id) };
      spanOf(turn, { ...ids, name: "invoke_agent claude_code", kind: "internal", start_ms, end_ms, attributes, is_error });
    }
    const parent_span_id = readTraceparent(turn.traceparent)?.span_id ?? null;
    const whole = { parent_span_id, span_id: outerSpanIdOf(turn.turn_id), start_ms: Date.parse(turn.created_at), end_ms };
    spanOf(turn, { ...whole, name: "session", kind: "internal", is_error });
  };

  return {
    sessionCreated: () => point("claude_code.sessions.total", 1),
    heard(event) {
      const { type, turn_id, data } = event;
      if (type === "tool_call_started" && tools.size < MAX_CALLS) tools.set(String(data["tool_use_id"]), String(data["tool_name"]));
      if (type === "tool_call_completed") toolEnded(event);
      const turn = type === "turn_completed" && turn_id !== null ? turns.get(turn_id) : null;
      if (turn !== null) turnEnded(turn, String(data["status"]));
      if (type === "session_status_changed" && data["status"] === "ended") {
        point("claude_code.session.duration", (clock.nowMs() - Date.parse(sessions.get().created_at)) / 1000);
      }
    },
    modelRequest(turnId, { usage, cost, timing }) {
      const model = canonicalModel(usage?.model ?? timing.model ?? "unknown");
      if (usage !== null) countUsage(point, model, usage, cost);
      const attributes = { "gen_ai.request.model": model, "http.response.status_code": String(timing.status ?? "none") };
      const { started_at_ms: start_ms, answered_at_ms, ended_at_ms: end_ms } = timing;
      if (answered_at_ms !== null) point("claude_code.gateway.latency", answered_at_ms - start_ms, attributes);
      point("gen_ai.client.operation.duration", (end_ms - start_ms) / 1000, { ...attributes, ...CHAT });
      const turn = turnId === null ? null : turns.get(turnId);
      if (turn === null) return;
      const is_error = timing.status === null || timing.status >= 400;
      const told = { ...CHAT, ...attributes, ...(usage === null ? {} : usageAttributes(usage)) };
      spanOf(turn, { ...below(turn), name: `chat ${model}`.slice(0, 128), kind: "client", start_ms, end_ms, attributes: told, is_error });
    },
  };
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

export function watchCreation(sessions: SessionStore, telemetry: Pick<SessionTelemetry, "sessionCreated">): SessionStore {
  return {
    ...sessions,
    create(session) {
      sessions.create(session);
      telemetry.sessionCreated();
    },
  };
}

const CHAT = { "gen_ai.operation.name": "chat", "gen_ai.provider.name": "anthropic" } as const;

type AddPoint = (name: MetricName, value: number, attributes: Record<string, string>) => void;

function countUsage(point: AddPoint, model: string, { usage }: AnswerUsage, cost: number | null): void {
  const tokens = readTokens(usage);
  const byType = {
    input: tokens.input_tokens,
    output: tokens.output_tokens,
    cache_read: tokens.cache_read_input_tokens,
    cache_creation: tokens.cache_creation_5m_input_tokens + tokens.cache_creation_1h_input_tokens,
  };
  for (const [type, count] of Object.entries(byType)) {
    const attributes = { "gen_ai.token.type": type, "gen_ai.response.model": model };
    if (count > 0) point("claude_code.tokens.total", count, attributes);
  }
  if (cost !== null && cost > 0) point("claude_code.cost.total", cost, { "gen_ai.response.model": model });
}

function usageAttributes({ usage }: AnswerUsage): Record<string, number> {
  const { input_tokens, output_tokens } = readTokens(usage);
  return { "gen_ai.usage.input_tokens": input_tokens, "gen_ai.usage.output_tokens": output_tokens };
}
