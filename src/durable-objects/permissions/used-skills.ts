// Remembers which skills a turn has loaded. Forgotten with the object's memory: then a person is asked once more.
import type { PermissionQuestion } from "../../shared/rpc/session-host-api.ts";
import { commandOf, skillOf } from "../../shared/permissions/used-names.ts";
import type { TurnRow } from "../sessions/turn-store.ts";

type SkillCall = Pick<PermissionQuestion, "turn_id" | "tool_use_id" | "tool_name" | "tool_input">;

export type UsedSkills = {
  /** A tool call that runs, as far as it is known. */
  note(call: SkillCall): void;
  /** It does not run yet: a person is asked. */
  forget(call: SkillCall): void;
  /** The command of the turn's prompt, and the skills that it has loaded so far. */
  names(turn: TurnRow): (string | null)[];
};

export function createUsedSkills(): UsedSkills {
  let turnId = "";
  /** By the call that loaded it: that a later one is refused takes nothing from an earlier one. */
  const loaded = new Map<string, string>();
  const keyOf = ({ tool_use_id }: SkillCall, skill: string): string => tool_use_id ?? `skill ${skill}`;
  return {
    note(call) {
      const skill = skillOf(call);
      if (skill === null) return;
      if (call.turn_id !== turnId) loaded.clear();
      turnId = call.turn_id;
      loaded.set(keyOf(call, skill), skill);
    },
    forget(call) {
      const skill = skillOf(call);
      if (skill !== null) loaded.delete(keyOf(call, skill));
    },
    names: (turn) => [commandOf(turn.prompt), ...(turn.turn_id === turnId ? loaded.values() : [])],
  };
}
