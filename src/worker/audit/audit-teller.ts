// Brings facts to the team's audit log, within a time that a call can wait for, or behind the call until the log took them.
import type { AuditFact } from "../../shared/audit/entry.ts";
import { uuidSchema } from "../../shared/ids.ts";
import type { AuditApi } from "../../shared/rpc/audit-api.ts";
import { withDeadline } from "../deadline.ts";
import type { Logger } from "../telemetry/logger.ts";

export type AuditTeller = {
  /** Throws when the log does not say in time that it knows. */
  announce(teamId: string, fact: AuditFact, waitMs: number): Promise<void>;
  append(teamId: string, fact: AuditFact): Promise<void>;
  /** Nobody waits for it: tries again for a while, and leaves a line where the log does not come back. */
  appendLater(teamId: string, fact: AuditFact): void;
};

export type AuditTellerOptions = {
  team: (teamId: string) => Pick<AuditApi, "announceAudit" | "appendAudit">;
  /** Keeps a call alive whose client has gone. */
  waitUntil: (work: Promise<unknown>) => void;
  logger: Logger;
};

export const AUDIT_DEADLINE_MS = 5_000;
/** What goes on behind a call ends half a minute after it. */
const PAUSES_MS = [0, 1_000, 4_000, 10_000];

export function createAuditTeller({ team, waitUntil, logger }: AuditTellerOptions): AuditTeller {
  const append: AuditTeller["append"] = (teamId, fact) =>
    withDeadline(team(teamId).appendAudit(teamId, [fact]), AUDIT_DEADLINE_MS);
  const appendUntilTaken = async (teamId: string, fact: AuditFact): Promise<void> => {
    let failure: unknown = null;
    for (const pauseMs of PAUSES_MS) {
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      try {
        return await append(teamId, fact);
      } catch (error) {
        failure = error;
      }
    }
    logger.logUnexpected("audit_not_told", failure, { team_id: teamId, ...nameFact(fact) });
  };
  return {
    announce: (teamId, fact, waitMs) => withDeadline(team(teamId).announceAudit(teamId, fact), waitMs),
    append(teamId, fact) {
      const appended = append(teamId, fact);
      waitUntil(appended.catch(() => {}));
      return appended;
    },
    appendLater: (teamId, fact) => waitUntil(appendUntilTaken(teamId, fact)),
  };
}

/** For a log line: it stands in for the entry, and is no place for names that people gave. */
export function nameFact({ entry_id, user_id, action, target_kind, target_id, outcome }: AuditFact) {
  const id = uuidSchema.safeParse(target_id).data ?? null;
  return { entry_id, user_id, action, target_kind, target_id: id, outcome };
}
