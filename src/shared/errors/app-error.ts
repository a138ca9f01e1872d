// The one error class: a code, and a message that we wrote and that says what to do.
import type { ErrorCode } from "./error-code.ts";

/** What the error is about: ids, limits and names, never secrets or third-party text. */
export type ErrorContext = Record<string, string | number | boolean | null>;

export class AppError extends Error {
  readonly code: ErrorCode;
  readonly context: ErrorContext;

  constructor(code: ErrorCode, message: string, options: { context?: ErrorContext; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = "AppError";
    this.code = code;
    this.context = options.context ?? {};
  }
}

/** A failure as plain data: RPC drops custom error classes, so answers carry this instead of throwing. */
export type Failure = { code: ErrorCode; message: string };

/** An answer over RPC: a value, or a failure that we wrote. */
export type Answer<T> = { ok: true; value: T } | { ok: false; error: Failure };

export function answer<T>(value: T): Answer<T> {
  return { ok: true, value };
}

export function failure(code: ErrorCode, message: string): { ok: false; error: Failure } {
  return { ok: false, error: { code, message } };
}

/** Turns a thrown AppError into a failure; anything else becomes `internal` with the event id to look up. */
export function toFailure(error: unknown, eventId: string): Failure {
  if (error instanceof AppError) return { code: error.code, message: error.message };
  return {
    code: "internal",
    message: `Something went wrong on our side. Try again; if it stays, report event ${eventId}.`,
  };
}

/** The value of an answer, or the AppError that it stands for. */
export function unwrap<T>(result: Answer<T>): T {
  if (result.ok) return result.value;
  throw new AppError(result.error.code, result.error.message);
}
