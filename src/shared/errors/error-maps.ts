// What follows from each error code: HTTP status, who tries again, and how loud the log is.
import type { ErrorCode } from "./error-code.ts";

/** `caller`: corrected or later, by whoever called. `berth`: retried by itself. `nobody`: final. */
export type Retry = "caller" | "berth" | "nobody";
export type LogLevel = "info" | "warn" | "error";

export const ERROR_MAP = {
  invalid_argument: { http: 400, retry: "caller", log: "info" },
  unauthenticated: { http: 401, retry: "caller", log: "info" },
  insufficient_scope: { http: 403, retry: "caller", log: "info" },
  role_not_allowed: { http: 403, retry: "nobody", log: "info" },
  origin_not_allowed: { http: 403, retry: "nobody", log: "warn" },
  not_found: { http: 404, retry: "nobody", log: "info" },
  session_not_found: { http: 404, retry: "nobody", log: "info" },
  project_not_found: { http: 404, retry: "nobody", log: "info" },
  project_name_taken: { http: 409, retry: "caller", log: "info" },
  project_busy: { http: 409, retry: "caller", log: "info" },
  file_not_found: { http: 404, retry: "nobody", log: "info" },
  watch_ticket_refused: { http: 403, retry: "caller", log: "info" },
  session_busy: { http: 409, retry: "caller", log: "info" },
  session_ended: { http: 409, retry: "nobody", log: "info" },
  deletion_incomplete: { http: 503, retry: "berth", log: "warn" },
  too_many_queued_turns: { http: 429, retry: "caller", log: "info" },
  idempotency_conflict: { http: 409, retry: "nobody", log: "info" },
  request_too_large: { http: 413, retry: "caller", log: "info" },
  model_key_missing: { http: 503, retry: "caller", log: "error" },
  model_not_allowed: { http: 403, retry: "nobody", log: "warn" },
  model_request_refused: { http: 400, retry: "nobody", log: "warn" },
  model_unavailable: { http: 502, retry: "berth", log: "warn" },
  too_many_model_requests: { http: 429, retry: "berth", log: "warn" },
  run_token_refused: { http: 401, retry: "berth", log: "warn" },
  sandbox_start_failed: { http: 503, retry: "caller", log: "error" },
  sandbox_unavailable: { http: 503, retry: "berth", log: "warn" },
  runner_protocol_unsupported: { http: 503, retry: "caller", log: "error" },
  clone_failed: { http: 502, retry: "caller", log: "info" },
  turn_silent: { http: 504, retry: "caller", log: "warn" },
  turn_timed_out: { http: 504, retry: "caller", log: "info" },
  cli_exited: { http: 502, retry: "caller", log: "warn" },
  cli_start_failed: { http: 502, retry: "caller", log: "error" },
  turn_lost: { http: 502, retry: "caller", log: "error" },
  runtime_replaced: { http: 503, retry: "caller", log: "warn" },
  registry_unavailable: { http: 502, retry: "caller", log: "info" },
  internal: { http: 500, retry: "caller", log: "error" },
} as const satisfies Record<ErrorCode, { http: number; retry: Retry; log: LogLevel }>;
