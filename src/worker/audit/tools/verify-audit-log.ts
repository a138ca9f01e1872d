// verify_audit_log: whether the audit log still is what was written, and the first row that is not.
import { z } from "zod";
import { CHAIN_PROBLEMS } from "../../../shared/audit/check-chain.ts";
import { defineTool } from "../../mcp/define-tool.ts";

export const verifyAuditLog = defineTool({
  name: "verify_audit_log",
  title: "Verify the audit log",
  description:
    "Reads the audit log from its first row to the last one that the team's own record knows, and names the first row that " +
    "was changed, removed, added or put elsewhere. For owners of the team.",
  scope: "sessions:read",
  toolset: "audit",
  input: z.strictObject({
    from_seq: z.int().positive().default(1).describe("Goes on from the next_from_seq of the call before. Default 1."),
  }),
  output: z.object({
    intact: z.boolean(),
    checked: z.number().describe("Rows that fit."),
    head_seq: z.number().describe("The last row that was written."),
    on_the_way: z
      .number()
      .describe("Rows that the database does not have yet; they are safe with the team's own record."),
    problem: z
      .object({
        seq: z.number(),
        problem: z
          .enum(CHAIN_PROBLEMS)
          .describe("does_not_follow: this row, or the one before, took the place of another."),
      })
      .nullable(),
    next_from_seq: z.number().nullable().describe("Null when all rows were read."),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  run: async ({ from_seq }, { principal, services }) => services.audit.verify(principal, from_seq),
});
