// Every failure that a person, a client or a model can be told about, by name.
// docs/errors.md explains each; error-maps.ts says what follows from each.

export const ERROR_CODES = [
  "invalid_argument",
  "unauthenticated",
  "insufficient_scope",
  "origin_not_allowed",
  "not_found",
  "session_not_found",
  "project_not_found",
  "project_name_taken",
  "project_busy",
  "file_not_found",
  "session_ended",
  "too_many_queued_turns",
  "idempotency_conflict",
  "request_too_large",
  "model_key_missing",
  "model_not_allowed",
  "model_request_refused",
  "model_unavailable",
  "too_many_model_requests",
  "run_token_refused",
  "sandbox_start_failed",
  "sandbox_unavailable",
  "runner_protocol_unsupported",
  "clone_failed",
  "turn_timed_out",
  "cli_exited",
  "cli_start_failed",
  "turn_lost",
  "runtime_replaced",
  "registry_unavailable",
  "internal",
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];
