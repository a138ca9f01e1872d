// One entry of a team's audit log: who did what to what, from which client, when, and how it was decided.
import { z } from "zod";
import { uuidSchema } from "../ids.ts";

const MAX_NAME = 512;
/** Cut, not refused: an entry that is not written is worse. Every store gives back the same text that was hashed. */
const textSchema = z.string().transform((text) =>
  text
    .slice(0, MAX_NAME)
    .toWellFormed()
    .replaceAll(/\p{Cc}/gu, "�"),
);

/** Ids, names of ours and numbers: never a secret, and no content of anybody's work. */
export const auditDetailsSchema = z.record(
  z.string().max(64),
  z.union([textSchema, z.number(), z.boolean(), z.null()]),
);
export type AuditDetails = z.infer<typeof auditDetailsSchema>;

/** What is said of something that happened, before it has its place in the chain. */
export const auditFactSchema = z.object({
  /** Made by whoever tells of it, so that telling it again adds nothing. */
  entry_id: uuidSchema,
  /** ISO 8601, UTC: when it happened. In one form, since times are compared as texts. */
  at: z.iso.datetime({ precision: 3 }),
  /** The person; null where nobody is known, as with a refused sign-in, or nobody acted. */
  user_id: uuidSchema.nullable(),
  /** The OAuth client, or `browser`; null where none took part. */
  client_id: textSchema.nullable(),
  /** Such as tool.create_project or proposal.confirmed. */
  action: z.string().regex(/^[a-z_]+(?:\.[a-z_]+)+$/),
  target_kind: textSchema.nullable(),
  target_id: textSchema.nullable(),
  /** `done`, the code of the error that refused it, or `unknown` when nobody said how it ended. */
  outcome: z.string().min(1).max(64),
  /** What settled it: a role, a person on a page, a time that ran out; null where nothing had to be settled. */
  decided_by: z.string().max(64).nullable(),
  details: auditDetailsSchema,
});
export type AuditFact = z.infer<typeof auditFactSchema>;

/** A fact in its place: `details` as the very text that was hashed. */
export const auditRowSchema = z.object({
  team_id: z.string(),
  entry_id: z.string(),
  at: z.string(),
  user_id: z.string().nullable(),
  client_id: z.string().nullable(),
  action: z.string(),
  target_kind: z.string().nullable(),
  target_id: z.string().nullable(),
  outcome: z.string(),
  decided_by: z.string().nullable(),
  /** 1…n, without a gap. */
  seq: z.int().positive(),
  details: z.string(),
  previous_hash: z.string(),
  hash: z.string(),
});
export type AuditRow = z.infer<typeof auditRowSchema>;

/** A place in the chain: a row's number and hash. */
export type AuditMark = { seq: number; hash: string };

/** What the first row follows. */
export const CHAIN_START: AuditMark = { seq: 0, hash: "0".repeat(64) };

export const OUTCOME_DONE = "done";
export const OUTCOME_UNKNOWN = "unknown";

/** Lowercase hexadecimal SHA-256 of a text in UTF-8. */
export type Sha256Hex = (text: string) => Promise<string>;

/** The text whose SHA-256 is the row's hash. Its form is persisted by every hash: another form needs another first word. */
export function canonicalText(row: Omit<AuditRow, "hash">): string {
  return JSON.stringify([
    "berth.audit.v1",
    row.team_id,
    row.seq,
    row.at,
    row.entry_id,
    row.user_id,
    row.client_id,
    row.action,
    row.target_kind,
    row.target_id,
    row.outcome,
    row.decided_by,
    row.details,
    row.previous_hash,
  ]);
}

/** The next row of the chain. */
export async function chainFact(
  teamId: string,
  { details, ...fact }: AuditFact,
  previous: AuditMark,
  sha256Hex: Sha256Hex,
): Promise<AuditRow> {
  const place = { team_id: teamId, seq: previous.seq + 1, previous_hash: previous.hash };
  const row = { ...fact, ...place, details: JSON.stringify(details) };
  return { ...row, hash: await sha256Hex(canonicalText(row)) };
}

/** Every column of a row, in the order in which files show them. */
export const AUDIT_COLUMNS = [
  "team_id",
  "seq",
  "entry_id",
  "at",
  "user_id",
  "client_id",
  "action",
  "target_kind",
  "target_id",
  "outcome",
  "decided_by",
  "details",
  "previous_hash",
  "hash",
] as (keyof AuditRow)[];
