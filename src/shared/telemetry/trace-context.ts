// W3C trace context: which trace a request belongs to, and the ids of the spans that are ours.

export type TraceContext = { trace_id: string; span_id: string; sampled: boolean };

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const NO_TRACE = "0".repeat(32);
const NO_SPAN = "0".repeat(16);

/** Null for what is none: a trace of our own begins then. */
export function readTraceparent(text: unknown): TraceContext | null {
  const [, version = "ff", trace_id = NO_TRACE, span_id = NO_SPAN, flags = "00", more] =
    (typeof text === "string" ? TRACEPARENT.exec(text.trim()) : null) ?? [];
  // Version 00 has no more than this; ff is none.
  if (version === "ff" || (version === "00" && more !== undefined)) return null;
  if (trace_id === NO_TRACE || span_id === NO_SPAN) return null;
  return { trace_id, span_id, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export function writeTraceparent({ trace_id, span_id, sampled }: TraceContext): string {
  return `00-${trace_id}-${span_id}-${sampled ? "01" : "00"}`;
}

/** The trace of what has a UUID and nobody's context. */
export function traceIdOf(uuid: string): string {
  return uuid.replaceAll("-", "");
}

/** A span's id out of a UUID: its random end. */
export function spanIdOf(uuid: string): string {
  return traceIdOf(uuid).slice(16);
}

/** A second span of the same thing. */
export function outerSpanIdOf(uuid: string): string {
  return Array.from(spanIdOf(uuid)).toReversed().join("");
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
