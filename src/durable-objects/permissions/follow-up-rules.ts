// Brings the rules up to date before a follow-up's first tool: it begins by itself, long after the last prompt looked.
import type { SessionConfigurationKeeper } from "../configuration/session-configuration.ts";

export type FollowUpRules = {
  /** Null once they are; else why no tool may run yet. Asks nobody for the follow-up's later tools. */
  bringUpToDate(turnId: string): Promise<string | null>;
};

export function createFollowUpRules(configuration: Pick<SessionConfigurationKeeper, "refresh">): FollowUpRules {
  let current: string | null = null;
  return {
    async bringUpToDate(turnId) {
      if (current === turnId) return null;
      try {
        const problem = await configuration.refresh();
        if (problem !== null) return `The tool did not run. ${problem.message}`;
      } catch {
        return "The tool did not run: its rules were changed, and cannot be read just now. Try again in a while.";
      }
      current = turnId;
      return null;
    },
  };
}
