// Tells the team's audit log of what people and clients do: announced before, told with its outcome after.
import { type AuditFact, OUTCOME_DONE, OUTCOME_UNKNOWN } from "../../shared/audit/entry.ts";
import { AppError } from "../../shared/errors/app-error.ts";
import { AUDIT_DEADLINE_MS, type AuditTellerOptions, createAuditTeller, nameFact } from "./audit-teller.ts";

export type AuditActor = { team_id: string; user_id: string | null; client_id: string | null };
export type AuditEvent = Pick<AuditFact, "action" | "target_kind" | "target_id" | "decided_by" | "details">;

/** What stands for the client where a person acts on a page of ours. */
export const BROWSER = "browser";

/** `told`: what its result adds to the entry. */
type Recording = <T>(actor: AuditActor, event: AuditEvent, work: () => Promise<T>, told?: Told<T>) => Promise<T>;
type Told<T> = (result: T) => Partial<AuditEvent>;

export type AuditRecorder = {
  /** Does `work` once the log knows of it, and tells how it ended; what cannot be announced is not done. */
  around: Recording;
  /** The same for what only stops or denies something, which is done also while the log is away: it is told afterwards. */
  stopping: Recording;
  /** Something that is over: refused, or done elsewhere. */
  note(actor: AuditActor, event: AuditEvent, outcome?: string): Promise<void>;
};

export type AuditRecorderOptions = AuditTellerOptions & { newId: () => string; now: () => Date };

const OUTCOME_REFUSED = "audit_unavailable";
const UNAVAILABLE = "The audit log cannot be written at the moment, so nothing was done. Try again in a minute.";
/** Whoever wants something stopped does not wait for the log. */
const STOP_WAITS_MS = 2_000;

export function createAuditRecorder(options: AuditRecorderOptions): AuditRecorder {
  const { logger } = options;
  const teller = createAuditTeller(options);
  const unavailable = (error: unknown, fact: AuditFact): never => {
    logger.logUnexpected("audit_unavailable", error, nameFact(fact));
    throw new AppError(OUTCOME_REFUSED, UNAVAILABLE);
  };
  /** Until it is taken the announcement stands: after a while the log says that nobody told how it ended. */
  const close = (teamId: string, fact: AuditFact): Promise<void> =>
    teller.append(teamId, fact).catch((error) => {
      logger.logUnexpected("audit_outcome_not_told", error, nameFact(fact));
      teller.appendLater(teamId, fact);
    });

  return {
    async around(actor, event, work, told) {
      const fact = makeFact(options, actor, event);
      await teller.announce(actor.team_id, fact, AUDIT_DEADLINE_MS).catch((error) => {
        // It may have come through although its answer did not.
        teller.appendLater(actor.team_id, { ...fact, outcome: OUTCOME_REFUSED });
        return unavailable(error, fact);
      });
      return carryOut(fact, work, { told, close: (ended) => close(actor.team_id, ended) });
    },
    async stopping(actor, event, work, told) {
      const fact = makeFact(options, actor, event);
      const isKnown = await teller.announce(actor.team_id, fact, STOP_WAITS_MS).then(
        () => true,
        (error) => void logger.logUnexpected("audit_not_announced", error, nameFact(fact)),
      );
      const closeLater = async (ended: AuditFact) => teller.appendLater(actor.team_id, ended);
      return carryOut(fact, work, { told, close: isKnown ? (ended) => close(actor.team_id, ended) : closeLater });
    },
    async note(actor, event, outcome = OUTCOME_DONE) {
      const fact = { ...makeFact(options, actor, event), outcome };
      await teller.append(actor.team_id, fact).catch((error) => {
        // Nothing comes of what cannot be told; what was refused is refused all the same.
        teller.appendLater(actor.team_id, { ...fact, outcome: outcome === OUTCOME_DONE ? OUTCOME_REFUSED : outcome });
        return unavailable(error, fact);
      });
    },
  };
}

type Ending<T> = { told: Told<T> | undefined; close: (ended: AuditFact) => Promise<void> };

async function carryOut<T>(fact: AuditFact, work: () => Promise<T>, { told, close }: Ending<T>): Promise<T> {
  try {
    const result = await work();
    await close({ ...fact, ...told?.(result), outcome: OUTCOME_DONE });
    return result;
  } catch (error) {
    await close({ ...fact, outcome: error instanceof AppError ? error.code : "internal" });
    throw error;
  }
}

function makeFact({ newId, now }: AuditRecorderOptions, actor: AuditActor, event: AuditEvent): AuditFact {
  const { user_id, client_id } = actor;
  return { entry_id: newId(), at: now().toISOString(), user_id, client_id, outcome: OUTCOME_UNKNOWN, ...event };
}
