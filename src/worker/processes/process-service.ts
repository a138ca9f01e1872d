// What runs across a team, for who may see it: found in the index, asked of each session, and healed by asking.
import { AppError } from "../../shared/errors/app-error.ts";
import type { RunningSession } from "../../shared/processes/schema.ts";
import type { SessionApi } from "../../shared/rpc/session-api.ts";
import { mayOversee, type Principal } from "../../shared/teams/principal.ts";
import type { IndexedSession, ProcessStore } from "./process-store.ts";

export type TeamRow = RunningSession & { owner: string | null };

export type ProcessService = {
  /** Refused for who may not oversee the team. */
  listTeam(principal: Principal, limit: number): Promise<{ rows: TeamRow[]; hasMore: boolean }>;
};

type Options = {
  store: ProcessStore;
  session: (sessionId: string) => Pick<SessionApi, "reviewProcesses">;
  /** Who does not answer by then is shown as the index has it. */
  askMs: number;
};

export function createProcessService(options: Options): ProcessService {
  return {
    async listTeam(principal, limit) {
      if (!mayOversee(principal)) {
        throw new AppError("role_not_allowed", "Only an owner of the team sees what runs across it. Leave whose out.");
      }
      const indexed = await options.store.listTeam(principal.team_id, limit + 1);
      const page = indexed.slice(0, limit);
      const rows = await Promise.all(page.map((row) => ask(options, principal.team_id, row)));
      return { rows: rows.flatMap((row) => (row === null ? [] : [row])), hasMore: indexed.length > limit };
    },
  };
}

async function ask(options: Options, teamId: string, indexed: IndexedSession): Promise<TeamRow | null> {
  const { running, owner, version } = indexed;
  const { session_id: sessionId } = running;
  const review = options.session(sessionId).reviewProcesses(teamId);
  const asked = await answerWithin(review, options.askMs);
  if (asked === null) return { ...running, owner };
  if (asked.ok) return asked.value === null ? null : { ...asked.value, owner };
  await options.store.remove({ teamId, sessionId, version });
  return null;
}

/** Null when there is no answer in time, or none at all. */
async function answerWithin<T>(promise: Promise<T>, timeoutMs: number): Promise<T | null> {
  const { promise: late, resolve } = Promise.withResolvers<null>();
  const timer = setTimeout(() => resolve(null), timeoutMs);
  try {
    return await Promise.race([promise.catch(() => null), late]);
  } finally {
    clearTimeout(timer);
  }
}
