// Error answers as JSON: {error: {code, message}}, with the status that the code stands for.
import { AppError, type Failure, toFailure } from "../../shared/errors/app-error.ts";
import { ERROR_MAP } from "../../shared/errors/error-maps.ts";
import type { Logger } from "../telemetry/logger.ts";

export function jsonError(failure: Failure): Response {
  const headers = { "cache-control": "no-store" };
  return Response.json({ error: failure }, { status: ERROR_MAP[failure.code].http, headers });
}

/** Any thrown thing as a failure that may be shown; what nobody expected is logged under an event id. */
export function explainError(error: unknown, logger: Logger, where: string): Failure {
  if (error instanceof AppError) {
    logger.log(ERROR_MAP[error.code].log, "request_failed", { where, code: error.code });
    return toFailure(error, "");
  }
  return toFailure(error, logger.logUnexpected("request_crashed", error, { where }));
}
