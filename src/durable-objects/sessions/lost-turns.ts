// Finds a turn that its runner lost: nothing of it runs there any more, and all that was ever said of it is stored here.
import type { RunnerStatus } from "../../shared/rpc/runner-session-api.ts";
import { TURN_LOST } from "../../shared/sessions/turn-end-policy.ts";
import type { SessionLog, SessionLogParts } from "./session-log.ts";
import type { TurnRow } from "./turn-store.ts";

type Parts = Pick<SessionLogParts, "turns" | "events">;

export type LostTurns = {
  /** To be told each answer to a ping. Ends a turn that was missing twice in a row, and then says true. */
  check(status: RunnerStatus): boolean;
};

export function createLostTurns(parts: Parts, log: SessionLog): LostTurns {
  /** Missing the last time; once may be the moment between two messages. */
  let suspect: string | null = null;

  const findMissing = (status: RunnerStatus): TurnRow | null => {
    if (status.running_turn_id !== null) return null;
    if (status.last_source_seq !== parts.events.acknowledged(status.runtime_id)) return null;
    const isHere = (turn: TurnRow) => turn.status === "running" && turn.runtime_id === status.runtime_id;
    return parts.turns.open().find(isHere) ?? null;
  };

  return {
    check(status) {
      const missing = findMissing(status);
      const isLost = missing !== null && missing.turn_id === suspect;
      suspect = missing?.turn_id ?? null;
      if (isLost) log.write(() => log.turnEnded(missing, TURN_LOST));
      return isLost;
    },
  };
}
