// The gateway's own refusals in the provider's format, so that Claude Code understands them and knows what to repeat.
import type { ErrorCode } from "../../shared/errors/error-code.ts";
import type { Failure } from "../../shared/errors/app-error.ts";

type Kind = { status: number; type: string };

/** What is not named here is an error of ours. 401 makes Claude Code ask for a fresh token; 429 and 5xx make it try again. */
const KINDS: Partial<Record<ErrorCode, Kind>> = {
  run_token_refused: { status: 401, type: "authentication_error" },
  session_not_found: { status: 401, type: "authentication_error" },
  // Claude Code asks its helper and repeats after a 403 as it does after a 401; a 400 ends the turn with the message.
  model_key_missing: { status: 400, type: "invalid_request_error" },
  budget_exceeded: { status: 400, type: "invalid_request_error" },
  price_unknown: { status: 400, type: "invalid_request_error" },
  model_not_allowed: { status: 400, type: "invalid_request_error" },
  model_request_refused: { status: 400, type: "invalid_request_error" },
  invalid_argument: { status: 400, type: "invalid_request_error" },
  not_found: { status: 404, type: "not_found_error" },
  request_too_large: { status: 413, type: "request_too_large" },
  too_many_model_requests: { status: 429, type: "rate_limit_error" },
  model_unavailable: { status: 529, type: "overloaded_error" },
};

const OURS: Kind = { status: 500, type: "api_error" };

export function providerError(failure: Failure): Response {
  const { status, type } = KINDS[failure.code] ?? OURS;
  const headers = { "cache-control": "no-store" };
  return Response.json({ type: "error", error: { type, message: failure.message } }, { status, headers });
}
