import { describe, expect, it } from "vitest";
import { outerSpanIdOf, readTraceparent, spanIdOf, traceIdOf, writeTraceparent } from "./trace-context.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";

describe("the trace context of a request", () => {
  it("is read and written as W3C has it [telemetry.traces]", () => {
    const text = `00-${TRACE}-${SPAN}-01`;
    expect(readTraceparent(text)).toEqual({ trace_id: TRACE, span_id: SPAN, sampled: true });
    expect(writeTraceparent({ trace_id: TRACE, span_id: SPAN, sampled: true })).toBe(text);
    expect(readTraceparent(`00-${TRACE}-${SPAN}-00`)?.sampled).toBe(false);
    expect(readTraceparent(`01-${TRACE}-${SPAN}-01-later`)?.trace_id).toBe(TRACE);
  });

  it.each([
    null,
    7,
    "",
    `00-${TRACE}-${SPAN}`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${"0".repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${"0".repeat(16)}-01`,
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01-more`,
    `00-${TRACE}-${SPAN}-01\nx: y`,
  ])("that is none begins a trace of our own: %s [telemetry.traces]", (text) => {
    expect(readTraceparent(text)).toBeNull();
  });

  it("has ids for what has a UUID, two for each [telemetry.traces]", () => {
    const uuid = "01a1ffd1-3ba1-7acf-8764-88279c73649c";
    expect(traceIdOf(uuid)).toMatch(/^[0-9a-f]{32}$/);
    expect([spanIdOf(uuid), outerSpanIdOf(uuid)]).toEqual(["876488279c73649c", "c94637c972884678"]);
  });
});
