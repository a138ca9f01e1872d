// Tells the team's audit log how permission requests were settled: owed with the fact, told until the log has it.
import { type AuditFact, auditFactSchema, OUTCOME_DONE } from "../../shared/audit/entry.ts";
import type { AnswerWay, Resolution } from "../../shared/permissions/permission-request.ts";
import type { AuditApi } from "../../shared/rpc/audit-api.ts";
import type { Clock } from "../clock.ts";
import { CALL_DEADLINE_MS, withDeadline } from "../deadline.ts";
import type { OutboxRow, OutboxStore } from "../outbox/outbox-store.ts";
import type { RequestRow } from "../permissions/permission-book.ts";
import type { SessionRow } from "../sessions/session-store.ts";

const BROWSER: AnswerWay = "page";

type Parts = {
  outbox: OutboxStore;
  clock: Clock;
  row(): Pick<SessionRow, "team_id" | "session_id" | "project_id">;
  team(): Pick<AuditApi, "appendAudit">;
};

export type SettledPermissions = {
  /** Inside the transaction that settles it. */
  owe(request: RequestRow, resolution: Resolution, clientId: string | null): void;
  /** Tells what is among these rows of the outbox; throws when the log did not take it. */
  tell(rows: readonly OutboxRow[]): Promise<void>;
};

export function createSettledPermissions({ outbox, clock, row, team }: Parts): SettledPermissions {
  return {
    owe(request, resolution, clientId) {
      const { session_id, project_id } = row();
      const { request_id, turn_id, tool_name, kind } = request;
      const fact: AuditFact = {
        entry_id: clock.newId(),
        at: clock.nowIso(),
        user_id: resolution.user_id,
        client_id: resolution.decided_by === BROWSER ? "browser" : clientId,
        action: "permission.settle",
        target_kind: "permission",
        target_id: request_id,
        outcome: OUTCOME_DONE,
        decided_by: resolution.decided_by,
        details: {
          behavior: resolution.behavior,
          remember: resolution.remember,
          tool_name,
          kind,
          session_id,
          turn_id,
          project_id,
        },
      };
      outbox.put("audit", fact.entry_id, { fact: JSON.stringify(fact) });
    },
    async tell(rows) {
      const facts = rows
        .filter(({ kind }) => kind === "audit")
        .map(({ payload }) => auditFactSchema.parse(JSON.parse(String(payload["fact"]))));
      if (facts.length > 0) await withDeadline(team().appendAudit(row().team_id, facts), CALL_DEADLINE_MS);
    },
  };
}
