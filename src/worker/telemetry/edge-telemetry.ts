// What the edge measures: how long each call of a tool took, and a span for it in the trace of the client that made it.
import type { TelemetryApi } from "../../shared/rpc/telemetry-api.ts";
import { createTelemetryTeller, type TelemetryTeller } from "../../shared/telemetry/teller.ts";
import { readTraceparent, toHex, writeTraceparent } from "../../shared/telemetry/trace-context.ts";
import type { Logger } from "./logger.ts";

export type ToolCallTrace = {
  /** What the call hands on. */
  traceparent: string;
  end(outcome: { isError: boolean }): void;
};

export type EdgeTelemetry = {
  beginToolCall(call: { teamId: string; tool: string; traceparent: unknown }): ToolCallTrace;
};

export type EdgeTelemetryOptions = {
  isOn: boolean;
  team: (teamId: string) => Pick<TelemetryApi, "recordTelemetry">;
  nowMs: () => number;
  newId: () => string;
  randomBytes: (count: number) => Uint8Array;
  waitUntil: (work: Promise<unknown>) => void;
  logger: Logger;
};

export function createEdgeTelemetry(options: EdgeTelemetryOptions): EdgeTelemetry {
  const { nowMs, randomBytes } = options;
  return {
    beginToolCall({ teamId, tool, traceparent }) {
      const parent = readTraceparent(traceparent);
      const trace_id = parent?.trace_id ?? toHex(randomBytes(16));
      const span_id = toHex(randomBytes(8));
      const sampled = parent?.sampled ?? true;
      const start_ms = nowMs();
      return {
        traceparent: writeTraceparent({ trace_id, span_id, sampled }),
        end({ isError: is_error }) {
          if (!options.isOn) return;
          const end_ms = nowMs();
          const attributes = {
            "mcp.method.name": "tools/call",
            "gen_ai.tool.name": tool,
            "gen_ai.operation.name": "execute_tool",
            ...(is_error ? { "error.type": "tool_error" } : {}),
          };
          const ids = { trace_id, span_id, parent_span_id: parent?.span_id ?? null };
          const span = { name: `tools/call ${tool}`, kind: "server", start_ms, end_ms, attributes, is_error } as const;
          const value = (end_ms - start_ms) / 1000;
          const teller = tellerFor(options, teamId);
          teller.point({ name: "mcp.server.operation.duration", value, attributes });
          if (sampled) teller.span({ ...ids, ...span });
        },
      };
    },
  };
}

function tellerFor({ team, newId, waitUntil, logger }: EdgeTelemetryOptions, teamId: string): TelemetryTeller {
  return createTelemetryTeller({
    newId,
    background: waitUntil,
    send: (batch) => team(teamId).recordTelemetry(teamId, batch),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    onDropped: (count) => logger.log("info", "telemetry_dropped", { count, reason: "not_told" }),
  });
}
