// Measures tool calls, from the events that tell of their beginnings and ends.
import { toolLabel } from "../../shared/telemetry/labels.ts";
import type { Clock } from "../clock.ts";
import type { NewEvent } from "../events/event-store.ts";
import type { TurnRow } from "../sessions/turn-store.ts";
import type { Measures } from "./measures.ts";

/** No turn lasts longer. */
const MAX_DURATION_MS = 24 * 60 * 60 * 1000;

export type ToolTelemetry = { started(event: NewEvent): void; completed(event: NewEvent, turn: TurnRow | null): void };

/** Calls whose end is still to come; a session has few at a time. Some never end: the oldest goes for a new one. */
const MAX_CALLS = 500;
const MAX_NAME = 200;

export function createToolTelemetry(measures: Measures, clock: Pick<Clock, "nowMs">): ToolTelemetry {
  const names = new Map<string, string>();
  return {
    started({ data }) {
      const [oldest] = names.keys();
      if (oldest !== undefined && names.size >= MAX_CALLS) names.delete(oldest);
      names.set(String(data["tool_use_id"]), String(data["tool_name"]));
    },
    completed({ data }, turn) {
      const id = String(data["tool_use_id"]);
      const name = names.get(id) ?? "unknown";
      names.delete(id);
      const duration = data["duration_ms"];
      // It comes from the sandbox.
      if (typeof duration !== "number" || !(duration >= 0 && duration <= MAX_DURATION_MS)) return;
      const is_error = data["is_error"] === true;
      const label = toolLabel(name);
      const outcome = is_error ? "error" : "ok";
      measures.point("claude_code.tool.latency", duration, { "gen_ai.tool.name": label, outcome });
      if (turn === null) return;
      const end_ms = clock.nowMs();
      measures.span(turn, {
        ...measures.below(turn),
        name: `execute_tool ${label}`,
        kind: "internal",
        start_ms: end_ms - duration,
        end_ms,
        is_error,
        attributes: {
          "gen_ai.operation.name": "execute_tool",
          "gen_ai.tool.name": name.slice(0, MAX_NAME),
          "gen_ai.tool.call.id": id.slice(0, MAX_NAME),
          ...(is_error ? { "error.type": "tool_error" } : {}),
        },
      });
    },
  };
}
