// query_audit_log: who did what in the team, from which client, when, and how it was decided.
import { z } from "zod";
import { uuidSchema } from "../../../shared/ids.ts";
import { defineTool } from "../../mcp/define-tool.ts";

const MAX_ENTRIES = 200;

/** In the form that entries have: they are compared as texts. */
const instant = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text).toISOString())
  .refine((text) => /^\d{4}-/.test(text), "must be within the years 0 to 9999");

const entry = z.object({
  seq: z.number(),
  at: z.string(),
  user_id: z.string().nullable().describe("The person; null where nobody is known."),
  user: z.string().nullable(),
  client_id: z.string().nullable().describe("The OAuth client, or browser."),
  action: z.string(),
  target_kind: z.string().nullable(),
  target_id: z.string().nullable(),
  outcome: z.string().describe("done, the error's code, or unknown."),
  decided_by: z.string().nullable(),
  details: z.record(z.string(), z.unknown()),
  hash: z.string(),
});

export const queryAuditLog = defineTool({
  name: "query_audit_log",
  title: "Read the audit log",
  description:
    "Lists what people and clients did in the team, newest first: tool calls that change something, consent, proposals, " +
    "sign-ins and exports. For owners of the team.",
  scope: "sessions:read",
  toolset: "audit",
  input: z.strictObject({
    from: instant.optional().describe("Not before this instant (ISO 8601, with Z or an offset)."),
    to: instant.optional().describe("Before this instant."),
    user_id: uuidSchema.optional().describe("Only what this person did."),
    client_id: z.string().max(512).optional().describe("Only what came through this client; browser for pages."),
    action: z
      .string()
      .max(64)
      .regex(/^[a-z_]+(?:\.[a-z_]+)*(?:\.\*)?$/, "must be an action, or one with .* at its end")
      .optional()
      .describe("Such as tool.delete_project, or tool.* for all calls of tools."),
    target_id: z.string().max(512).optional().describe("Only what was done to this: an id or a name."),
    outcome: z.string().max(64).optional().describe("done, unknown, or an error's code."),
    before_seq: z.int().positive().optional().describe("Goes on from the next_before_seq of the page before."),
    limit: z.int().min(1).max(MAX_ENTRIES).default(50).describe(`Entries at most, 1 to ${MAX_ENTRIES}.`),
  }),
  output: z.object({ entries: z.array(entry), next_before_seq: z.number().nullable() }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run({ before_seq, limit, ...filters }, { principal, services }) {
    const page = await services.audit.query(principal, filters, { before: before_seq ?? null, limit });
    const entries = page.entries.map(({ details, ...row }) => ({ ...row, details: readDetails(details) }));
    return { ...page, entries };
  },
});

/** Text that somebody changed may be no JSON any more; verify_audit_log says so. */
function readDetails(text: string): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch {
    return {};
  }
}
