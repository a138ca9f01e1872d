// Model and permission mode of a session: kept for later turns, and taken over by the one that runs.
import type { SessionOptions, SetOptionsAnswer } from "../../shared/rpc/session-api.ts";
import { cutToCeiling } from "../../shared/permissions/permission-mode.ts";
import type { SessionConfigurationKeeper } from "../configuration/session-configuration.ts";
import { withDeadline } from "../deadline.ts";
import type { RunnerConnection } from "../runner/runner-connection.ts";
import type { SessionLogParts } from "./session-log.ts";
import { tellMode } from "./told-mode.ts";

const DEADLINE_MS = 5_000;

type Parts = Pick<SessionLogParts, "sessions" | "turns"> & {
  connection: RunnerConnection;
  configuration: Pick<SessionConfigurationKeeper, "gate" | "refresh">;
  onError(error: unknown): void;
};

export async function setSessionOptions(parts: Parts, options: SessionOptions): Promise<SetOptionsAnswer> {
  const before = parts.sessions.get();
  const preferred_model = options.model ?? before.preferred_model;
  const preferred_permission_mode = options.permission_mode ?? before.preferred_permission_mode;
  parts.sessions.setPreferences({ preferred_model, preferred_permission_mode });
  // Kept as it was asked for: a ceiling that persons lift later lifts it too.
  const permission_mode = preferred_permission_mode === null ? null : await tellMode(parts, preferred_permission_mode);
  return { model: preferred_model, permission_mode, applied_to_live: await applyToLive(parts, options) };
}

/** False when no turn runs, or the runner does not hear it: the next turn brings the options along. */
async function applyToLive(parts: Parts, options: SessionOptions): Promise<boolean> {
  const link = parts.connection.current();
  const turn = parts.turns.open().find(({ status }) => status === "running");
  if (link === null || turn === undefined) return false;
  const model = options.model ?? turn.options.model ?? null;
  const wanted = options.permission_mode ?? turn.permission_mode;
  const permission_mode = cutToCeiling(wanted, parts.configuration.gate().ceiling.permission_mode);
  try {
    return (await withDeadline(link.runner.setLiveOptions({ model, permission_mode }), DEADLINE_MS)).applied;
  } catch (error) {
    parts.onError(error);
    return false;
  }
}
