// How long and how large a conversation with an MCP server may be.
import type { OutboundLimits } from "../outbound/guarded-fetch.ts";

export const MAX_MESSAGE_BYTES = 8 * 1024 * 1024;

/** One exchange of a test or a sign-in. */
export const SHORT_LIMITS: OutboundLimits = {
  headMs: 15_000,
  maxBytes: 2 * 1024 * 1024,
  totalMs: 20_000,
  idleMs: 15_000,
  redirects: 3,
};

/** What passes through for a session: a tool may work for minutes before it says anything. */
export const PROXY_LIMITS: OutboundLimits = {
  headMs: 5 * 60_000,
  maxBytes: 32 * 1024 * 1024,
  totalMs: 30 * 60_000,
  idleMs: 10 * 60_000,
  redirects: 3,
};

/** A GET is the stream on which a server speaks by itself, and an SSE server's whole connection: it may be silent for long. */
export const STREAM_LIMITS: OutboundLimits = {
  ...PROXY_LIMITS,
  headMs: 30_000,
  maxBytes: 64 * 1024 * 1024,
  totalMs: 6 * 60 * 60_000,
  idleMs: 60 * 60_000,
};
