// One structured log line per noteworthy thing, as JSON. Values are ids, codes and numbers: no third-party text, no secrets.
import type { LogLevel } from "../../shared/errors/error-maps.ts";

type LogFields = Record<string, string | number | boolean | null | readonly string[]>;

export type Logger = {
  log(level: LogLevel, event: string, fields?: LogFields): void;
  /** Logs an error that nobody expected, and gives the id under which it is found. */
  logUnexpected(event: string, error: unknown, fields?: LogFields): string;
};

export type LogSink = (level: LogLevel, line: string) => void;

export function createLogger(options: { sink: LogSink; newEventId: () => string }): Logger {
  const log = (level: LogLevel, event: string, fields: LogFields = {}): void => {
    options.sink(level, JSON.stringify({ level, event, ...fields }));
  };
  return {
    log,
    logUnexpected(event, error, fields = {}) {
      const eventId = options.newEventId();
      log("error", event, { event_id: eventId, ...describeError(error), ...fields });
      return eventId;
    },
  };
}

export const consoleSink: LogSink = (level, line) => {
  if (level === "error") console.error(line);
  else if (level === "warn") console.warn(line);
  else console.log(line);
};

/** The kind of error and where it was thrown; its message may quote anything and stays out. */
function describeError(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error_name: typeof error };
  const frames = (error.stack ?? "")
    .split("\n")
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 8)
    .map((line) => line.trim());
  return { error_name: error.name, frames };
}
