// POST /runner/hooks: the sandbox asks to have an HTTP hook sent. The run token opens it for one session and runtime, and
// nothing is sent to any address but those of the session's own hooks.
import { AppError, unwrap } from "../../shared/errors/app-error.ts";
import { hookRequestSchema, MAX_HOOK_BODY_BYTES } from "../../shared/hooks/hook-request.ts";
import type { SessionApi } from "../../shared/rpc/session-api.ts";
import { readRunTokenClaims } from "../../shared/tokens/run-token.ts";
import { explainError, jsonError } from "../http/json-error.ts";
import { readBody } from "../http/read-body.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { SendHook } from "./hook-sender.ts";

export type HookRouteParts = {
  verifyToken: (token: string) => Promise<unknown>;
  session: (sessionId: string) => Pick<SessionApi, "admitHook">;
  send: SendHook;
  nowMs: () => number;
  logger: Logger;
};

/** The event stands in it as a text, which quotes every quote once more. */
const MAX_REQUEST_BYTES = 2 * MAX_HOOK_BODY_BYTES + 64 * 1024;

export function createHookRoute(parts: HookRouteParts): (request: Request) => Promise<Response> {
  return async (request) => {
    try {
      return Response.json(await answer(parts, request), { headers: { "cache-control": "no-store" } });
    } catch (error) {
      return jsonError(explainError(error, parts.logger, "hooks"));
    }
  };
}

async function answer(parts: HookRouteParts, request: Request) {
  const token = /^Bearer (\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
  const read = readRunTokenClaims(await parts.verifyToken(token), "hooks", parts.nowMs());
  if (!read.ok)
    throw new AppError("run_token_refused", "The run token is missing, not valid or expired. Ask for a fresh one.");
  const hook = hookRequestSchema.safeParse(parse(await readBody(request, MAX_REQUEST_BYTES)));
  if (!hook.success) throw new AppError("invalid_argument", "This is no request to send a hook.");
  const { team_id, runtime_id, session_id } = read.claims;
  unwrap(await parts.session(session_id).admitHook({ team_id, runtime_id }, hook.data.url));
  return parts.send(hook.data, request.signal);
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}
