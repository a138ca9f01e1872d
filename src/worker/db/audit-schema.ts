// The D1 table of the audit log, filled by the Team objects; triggers keep its rows as they came (migrations).
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** What each column is, and what its hash covers: shared/audit/entry.ts. */
export const auditLog = sqliteTable(
  "audit_log",
  {
    teamId: text().notNull(),
    seq: integer().notNull(),
    entryId: text().notNull(),
    at: text().notNull(),
    userId: text(),
    clientId: text(),
    action: text().notNull(),
    targetKind: text(),
    targetId: text(),
    outcome: text().notNull(),
    decidedBy: text(),
    /** JSON, the very text that was hashed. */
    details: text().notNull(),
    previousHash: text().notNull(),
    hash: text().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.teamId, table.seq] }),
    index("audit_log_time").on(table.teamId, table.at),
    index("audit_log_user").on(table.teamId, table.userId, table.seq),
    index("audit_log_target").on(table.teamId, table.targetId, table.seq),
  ],
);
