// Tells the team's audit log of what people and clients do: announced before, told with its outcome after.
import { type AuditFact, OUTCOME_DONE, OUTCOME_UNKNOWN } from "../../shared/audit/entry.ts";
import { AppError } from "../../shared/errors/app-error.ts";
import type { AuditApi } from "../../shared/rpc/audit-api.ts";
import type { Logger } from "../telemetry/logger.ts";

export type AuditActor = { team_id: string; user_id: string | null; client_id: string | null };
export type AuditEvent = Pick<AuditFact, "action" | "target_kind" | "target_id" | "decided_by" | "details">;

/** What stands for the client where a person acts on a page of ours. */
export const BROWSER = "browser";

export type AuditRecorder = {
  /**
   * Does `work` once the log knows of it, and tells how it ended; what cannot be announced is not done. `told`: what its result
   * adds to the entry.
   */
  around<T>(actor: AuditActor, event: AuditEvent, work: () => Promise<T>, told?: Told<T>): Promise<T>;
  /** Something that is over: refused, or done elsewhere. */
  note(actor: AuditActor, event: AuditEvent, outcome?: string): Promise<void>;
};
type Told<T> = (result: T) => Partial<AuditEvent>;

export type AuditRecorderOptions = {
  team: (teamId: string) => Pick<AuditApi, "announceAudit" | "appendAudit">;
  newId: () => string;
  now: () => Date;
  /** Keeps a call alive whose client has gone. */
  waitUntil: (work: Promise<unknown>) => void;
  logger: Logger;
};

const UNAVAILABLE = "The audit log cannot be written at the moment, so nothing was done. Try again in a minute.";

export function createAuditRecorder(options: AuditRecorderOptions): AuditRecorder {
  const { logger } = options;
  const unavailable = (error: unknown): never => {
    logger.logUnexpected("audit_unavailable", error);
    throw new AppError("audit_unavailable", UNAVAILABLE);
  };
  const append = (teamId: string, fact: AuditFact): Promise<void> => {
    const appended = options.team(teamId).appendAudit(teamId, [fact]);
    options.waitUntil(appended.catch(() => {}));
    return appended;
  };
  /** Its announcement stands: the team's object writes it down as an outcome that nobody told. */
  const close = (teamId: string, fact: AuditFact): Promise<void> =>
    append(teamId, fact).catch((error) => void logger.logUnexpected("audit_outcome_not_told", error));

  return {
    async around(actor, event, work, told) {
      const fact = makeFact(options, actor, event);
      await options.team(actor.team_id).announceAudit(actor.team_id, fact).catch(unavailable);
      try {
        const result = await work();
        await close(actor.team_id, { ...fact, ...told?.(result), outcome: OUTCOME_DONE });
        return result;
      } catch (error) {
        await close(actor.team_id, { ...fact, outcome: error instanceof AppError ? error.code : "internal" });
        throw error;
      }
    },
    async note(actor, event, outcome = OUTCOME_DONE) {
      await append(actor.team_id, { ...makeFact(options, actor, event), outcome }).catch(unavailable);
    },
  };
}

function makeFact({ newId, now }: AuditRecorderOptions, actor: AuditActor, event: AuditEvent): AuditFact {
  const { user_id, client_id } = actor;
  return { entry_id: newId(), at: now().toISOString(), user_id, client_id, outcome: OUTCOME_UNKNOWN, ...event };
}
