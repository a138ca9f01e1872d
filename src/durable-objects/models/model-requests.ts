// The session's model requests: admitted to the turn that is under way while its budgets last, and settled once they have ended.
import type { AnswerUsage } from "../../shared/accounting/answer-usage.ts";
import type { ModelPrice } from "../../shared/accounting/price-list.ts";
import { type Answer, answer } from "../../shared/errors/app-error.ts";
import type { ModelRequestQuestion, ModelTiming } from "../../shared/rpc/session-api.ts";
import type { Spending } from "../budgets/spending.ts";
import type { SessionLogParts } from "../sessions/session-log.ts";
import type { SessionTelemetry } from "../telemetry/session-telemetry.ts";
import type { ModelAdmission } from "./model-admission.ts";

type Parts = Pick<SessionLogParts, "sessions" | "turns"> & {
  admission: ModelAdmission;
  spending: Pick<Spending, "reserve" | "settle">;
  telemetry: Pick<SessionTelemetry, "modelRequest">;
  ownPrices(): Readonly<Record<string, ModelPrice>>;
};

export type ModelRequests = {
  begin(question: ModelRequestQuestion): Promise<Answer<{ request_id: string }>>;
  renew(requestId: string): void;
  finish(requestId: string, usage: AnswerUsage | null, timing: ModelTiming): void;
};

export function createModelRequests({
  sessions,
  turns,
  admission,
  spending,
  telemetry,
  ownPrices,
}: Parts): ModelRequests {
  /** What goes on in the background between turns belongs to the turn that began it. */
  const turnId = (): string | null => (turns.open()[0] ?? turns.newestStarted() ?? turns.newest())?.turn_id ?? null;
  return {
    async begin(question) {
      const turn = turnId();
      const admitted = admission.begin(sessions.get(), question, turn);
      if (!admitted.ok) return admitted;
      const { request_id } = admitted.value;
      // Counting tokens costs nothing.
      const isFree = question.prompt_bytes === undefined;
      const granted = isFree ? answer(null) : await spending.reserve(request_id, turn, question);
      if (granted.ok) return answer({ request_id });
      admission.finish(request_id);
      return granted;
    },
    renew: admission.renew,
    finish(requestId, answered, timing) {
      const turn = admission.finish(requestId) ?? turnId();
      const counted = spending.settle({ request_id: requestId, turn_id: turn, model: timing.model }, answered);
      telemetry.modelRequest(turn, { answered, counted, timing, ownPrices: ownPrices() });
    },
  };
}
