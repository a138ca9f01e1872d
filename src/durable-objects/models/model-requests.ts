// The session's model requests: admitted to the turn that is under way, and accounted once they have ended.
import type { AnswerUsage } from "../../shared/accounting/answer-usage.ts";
import type { Answer } from "../../shared/errors/app-error.ts";
import type { ModelRequestQuestion, ModelTiming } from "../../shared/rpc/session-api.ts";
import type { UsageLedger } from "../accounting/usage-ledger.ts";
import type { SessionTelemetry } from "../telemetry/session-telemetry.ts";
import type { SessionLog, SessionLogParts } from "../sessions/session-log.ts";
import type { ModelAdmission } from "./model-admission.ts";

type Parts = Pick<SessionLogParts, "sessions" | "turns"> & {
  admission: ModelAdmission;
  ledger: Pick<UsageLedger, "count">;
  telemetry: Pick<SessionTelemetry, "modelRequest">;
  log: Pick<SessionLog, "write">;
};

export type ModelRequests = {
  begin(question: ModelRequestQuestion): Answer<{ request_id: string }>;
  renew(requestId: string): void;
  finish(requestId: string, usage: AnswerUsage | null, timing: ModelTiming): void;
};

export function createModelRequests({ sessions, turns, admission, ledger, telemetry, log }: Parts): ModelRequests {
  /** What goes on in the background between turns belongs to the turn that began it. */
  const turnId = (): string | null => (turns.open()[0] ?? turns.newestStarted() ?? turns.newest())?.turn_id ?? null;
  return {
    begin: (question) => admission.begin(sessions.get(), question, turnId()),
    renew: admission.renew,
    finish(requestId, usage, timing) {
      const turn = admission.finish(requestId) ?? turnId();
      const cost = usage !== null && turn !== null ? log.write(() => ledger.count(turn, usage)) : null;
      // What costs nothing was counted before.
      telemetry.modelRequest(turn, { usage: cost === 0 ? null : usage, cost, timing });
    },
  };
}
