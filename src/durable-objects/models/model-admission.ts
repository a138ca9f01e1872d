// Lets a model request through, or not: the right team and runtime, a session that has not ended, a model it may use,
// and no more than a few at once. Requests under way live in memory: the count begins again with the object.
import { failure, answer, type Answer } from "../../shared/errors/app-error.ts";
import { MAX_MODEL_REQUESTS_AT_ONCE, MODEL_REQUEST_RENEW_MS } from "../../shared/limits.ts";
import type { ModelRequestQuestion } from "../../shared/rpc/session-api.ts";
import { isModelAllowed } from "../../shared/sessions/model-policy.ts";
import type { Clock } from "../clock.ts";
import type { SessionRow } from "../sessions/session-store.ts";

/** The gateway renews each request every MODEL_REQUEST_RENEW_MS: one that it lost is counted no longer than this. */
const FORGOTTEN_AFTER_MS = 3 * MODEL_REQUEST_RENEW_MS;

export type ModelAdmission = {
  begin(session: SessionRow, question: ModelRequestQuestion, turnId: string | null): Answer<{ request_id: string }>;
  /** It still runs. One that is not known, as after the object's restart, is counted from here on. */
  renew(requestId: string): void;
  /** Says which turn it was for; null when that is not known any more, as after the object's restart. */
  finish(requestId: string): string | null;
};

export function createModelAdmission(clock: Clock, allowedModels: readonly string[]): ModelAdmission {
  const underWay = new Map<string, { since: number; turnId: string | null }>();
  const forgetOld = (): void => {
    for (const [id, { since }] of underWay) if (clock.nowMs() - since > FORGOTTEN_AFTER_MS) underWay.delete(id);
  };

  return {
    begin(session, question, turnId) {
      const refusal = refuse(session, question, allowedModels);
      if (refusal !== null) return refusal;
      forgetOld();
      if (underWay.size >= MAX_MODEL_REQUESTS_AT_ONCE) {
        return failure("too_many_model_requests", `This session has ${MAX_MODEL_REQUESTS_AT_ONCE} requests under way.`);
      }
      const request_id = clock.newId();
      underWay.set(request_id, { since: clock.nowMs(), turnId });
      return answer({ request_id });
    },
    renew(requestId) {
      underWay.set(requestId, { since: clock.nowMs(), turnId: underWay.get(requestId)?.turnId ?? null });
    },
    finish(requestId) {
      const turnId = underWay.get(requestId)?.turnId ?? null;
      underWay.delete(requestId);
      return turnId;
    },
  };
}

function refuse(session: SessionRow, question: ModelRequestQuestion, allowedModels: readonly string[]) {
  if (session.team_id !== question.team_id || session.status === "ended") {
    return failure("run_token_refused", "This session has ended or is not yours.");
  }
  if (session.runtime_id !== question.runtime_id) {
    return failure("run_token_refused", "This sandbox was replaced: its token is void.");
  }
  if (question.model !== null && !isModelAllowed(question.model, allowedModels)) {
    return failure("model_not_allowed", "This model is not among those that sessions may use here (ALLOWED_MODELS).");
  }
  return null;
}
