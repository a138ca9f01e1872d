// How a session's points and spans are made: every point of the runtime, every span of its turn's trace.
import type { Point, Span } from "../../shared/telemetry/batch.ts";
import type { TelemetryTeller } from "../../shared/telemetry/teller.ts";
import { readTraceparent, spanIdOf, traceIdOf } from "../../shared/telemetry/trace-context.ts";
import type { Clock } from "../clock.ts";
import type { SessionStore } from "../sessions/session-store.ts";
import type { TurnRow } from "../sessions/turn-store.ts";

export type NewSpan = Omit<Span, "trace_id" | "attributes"> & { attributes?: Span["attributes"] };

export type Measures = {
  point(name: Point["name"], value: number, attributes?: Point["attributes"]): void;
  /** Left out where the client's trace is not sampled. */
  span(turn: TurnRow, span: NewSpan): void;
  /** The ids of a span right below the turn's. */
  below(turn: TurnRow): Pick<Span, "parent_span_id" | "span_id">;
};

type Parts = { teller: TelemetryTeller; sessions: Pick<SessionStore, "get">; clock: Pick<Clock, "newId"> };

export function createMeasures({ teller, sessions, clock }: Parts): Measures {
  return {
    point: (name, value, attributes = {}) =>
      teller.point({ name, value, attributes: { runtime: "claude_code", ...attributes } }),
    span(turn, span) {
      const context = readTraceparent(turn.traceparent);
      if (context?.sampled === false) return;
      const ids = { "gen_ai.conversation.id": sessions.get().session_id, "berth.turn.id": turn.turn_id };
      const trace_id = context?.trace_id ?? traceIdOf(turn.turn_id);
      teller.span({ ...span, trace_id, attributes: { ...ids, ...span.attributes } });
    },
    below: ({ turn_id }) => ({ parent_span_id: spanIdOf(turn_id), span_id: spanIdOf(clock.newId()) }),
  };
}
