// The runner's log: one JSON object a line on stderr, with names and ids alone, never with texts of others.
import { newId } from "./new-id.ts";

/** Logs a failure by its kind, and gives the id under which it stands. */
export function logFailure(what: string, error: unknown): string {
  const eventId = newId();
  const line = { level: "error", at: new Date().toISOString(), event_id: eventId, what, kind: kindOf(error) };
  process.stderr.write(`${JSON.stringify(line)}\n`);
  return eventId;
}

/** A system call's code or the error's class: never its message. */
function kindOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  const { code } = error as { code?: unknown };
  return typeof code === "string" && /^[A-Z_0-9]{1,40}$/.test(code) ? code : error.name.slice(0, 40);
}
