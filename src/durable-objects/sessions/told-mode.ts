// Says which permission mode a turn or a session will have: what was asked for, cut to what persons set for its project.
import type { Answer } from "../../shared/errors/app-error.ts";
import { answer } from "../../shared/errors/app-error.ts";
import { cutToCeiling, type PermissionMode } from "../../shared/permissions/permission-mode.ts";
import type { SubmittedTurn } from "../../shared/rpc/session-api.ts";
import type { SessionConfigurationKeeper } from "../configuration/session-configuration.ts";
import { withDeadline } from "../deadline.ts";
import type { TurnStore } from "./turn-store.ts";

/** Whoever submitted waits for this; the turn is cut when it begins, whatever they were told. */
const LOOK_DEADLINE_MS = 2_000;

type Parts = { configuration: Pick<SessionConfigurationKeeper, "gate" | "refresh"> };

/** Asks nobody when nothing changed. Where the change cannot be read, by what is known. */
export async function tellMode({ configuration }: Parts, mode: PermissionMode): Promise<PermissionMode> {
  await withDeadline(configuration.refresh(), LOOK_DEADLINE_MS).catch(() => null);
  return cutToCeiling(mode, configuration.gate().ceiling.permission_mode);
}

/** A turn that was handed over has its mode. */
export async function tellSubmitted(
  parts: Parts & { turns: Pick<TurnStore, "get"> },
  submitted: Answer<SubmittedTurn>,
): Promise<Answer<SubmittedTurn>> {
  if (!submitted.ok || parts.turns.get(submitted.value.turn_id)?.status !== "queued") return submitted;
  const permission_mode = await tellMode(parts, submitted.value.permission_mode);
  return answer({ ...submitted.value, permission_mode });
}
