// The objects' log lines: JSON, an event's name, codes and ids. The text of an error is ours or is left out.
import { AppError } from "../shared/errors/app-error.ts";

export type ObjectLogger = {
  info(event: string, fields?: Record<string, string | number | boolean | null>): void;
  /** Says which kind of error it was; its message only when we wrote it. */
  error(event: string, error: unknown, fields?: Record<string, string | number | boolean | null>): void;
};

export function createObjectLogger(object: "session" | "workspace" | "team", id: string): ObjectLogger {
  return {
    info: (event, fields = {}) => console.log(JSON.stringify({ level: "info", object, id, event, ...fields })),
    error(event, error, fields = {}) {
      const known = error instanceof AppError ? { code: error.code, message: error.message } : {};
      const kind = error instanceof Error ? error.name : typeof error;
      console.error(JSON.stringify({ level: "error", object, id, event, kind, ...known, ...fields }));
    },
  };
}
