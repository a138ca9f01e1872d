// What others ask of the Team object about the audit log: it alone gives places in the chain, and holds its head.
import type { AuditFact, AuditMark } from "../audit/entry.ts";

export type AuditMarks = {
  /** The last place that was given. */
  head: AuditMark;
  /** The last place whose row D1 has; what comes after it is on its way. */
  delivered: AuditMark;
};

export interface AuditApi {
  /** Before it is done: if nobody says how it ended, the log says that. */
  announceAudit(teamId: string, fact: AuditFact): Promise<void>;
  /** Gives each fact its place, once: one that comes again has its place already. Returns when all are stored here. */
  appendAudit(teamId: string, facts: readonly AuditFact[]): Promise<void>;
  /** Brings to D1 what it does not have yet, if D1 takes it. */
  auditMarks(teamId: string): Promise<AuditMarks>;
}
