// Sends an HTTP hook through the guard for entered addresses, and takes of its answer what a hook may say.
import { AppError } from "../../shared/errors/app-error.ts";
import { type HookRequest, type HookResponse, MAX_HOOK_ANSWER_BYTES } from "../../shared/hooks/hook-request.ts";
import type { GuardedFetch } from "../outbound/guarded-fetch.ts";

export type SendHook = (request: HookRequest, signal?: AbortSignal) => Promise<HookResponse>;

export function createHookSender(guarded: GuardedFetch): SendHook {
  return async ({ url, headers, body, timeout_ms }, signal) => {
    const limits = {
      headMs: timeout_ms,
      maxBytes: MAX_HOOK_ANSWER_BYTES,
      totalMs: timeout_ms,
      idleMs: timeout_ms,
      redirects: 0,
    };
    const own = { ...headers, "content-type": "application/json", "user-agent": "Berth" };
    try {
      const answer = await guarded({ url, method: "POST", headers: own, body, limits, signal: signal ?? null });
      return { status: answer.status, body: await answer.text(), failure: null };
    } catch (error) {
      const failure = error instanceof AppError ? error.message : "Its request failed.";
      return { status: null, body: "", failure: failure.slice(0, 500) };
    }
  };
}
