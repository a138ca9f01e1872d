// Remembers which skills a turn has loaded. Forgotten with the object's memory: then a person is asked once more.
import type { PermissionQuestion } from "../../shared/rpc/session-host-api.ts";
import { commandOf, skillOf } from "../../shared/permissions/used-names.ts";
import type { TurnRow } from "../sessions/turn-store.ts";

export type UsedSkills = {
  /** A tool call that was not refused. */
  note(question: PermissionQuestion): void;
  /** The command of the turn's prompt, and the skills that it has loaded so far. */
  names(turn: TurnRow): (string | null)[];
};

export function createUsedSkills(): UsedSkills {
  let turnId = "";
  const loaded = new Set<string>();
  return {
    note(question) {
      const skill = skillOf(question);
      if (skill === null) return;
      if (question.turn_id !== turnId) loaded.clear();
      turnId = question.turn_id;
      loaded.add(skill);
    },
    names: (turn) => [commandOf(turn.prompt), ...(turn.turn_id === turnId ? loaded : [])],
  };
}
