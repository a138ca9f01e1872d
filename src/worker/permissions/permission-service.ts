// Permission requests as the edge sees them: what waits, what one asks, and a person's answer.
import { AppError, unwrap } from "../../shared/errors/app-error.ts";
import { uuidSchema } from "../../shared/ids.ts";
import type {
  AnswerWay,
  PendingPermission,
  PermissionAnswer,
  PermissionRequestView,
} from "../../shared/permissions/permission-request.ts";
import type { SessionApi } from "../../shared/rpc/session-api.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import type { Logger } from "../telemetry/logger.ts";

type AskedSession = Pick<SessionApi, "listPermissions" | "getPermission" | "answerPermission">;

export type Answered = {
  request: PermissionRequestView;
  /** False when it is allowed, but the rule for always could not be kept. */
  ruleKept: boolean;
};

export type GivenAnswer = {
  session_id: string;
  request_id: string;
  answer: PermissionAnswer;
  way: AnswerWay;
  /** Left out for a page. */
  client_id?: string;
};

export type PermissionService = {
  list(principal: Principal, sessionId: string): Promise<PermissionRequestView[]>;
  get(principal: Principal, sessionId: string, requestId: string): Promise<PermissionRequestView>;
  /** Throws when it was settled before. Whoever calls has made sure that a person gave the answer. */
  answer(principal: Principal, given: GivenAnswer): Promise<Answered>;
  /** The page's address: it shows and takes nothing from whoever is not signed in as the session's owner. */
  link(sessionId: string, requestId: string): string;
};

export type PermissionServiceOptions = {
  session: (sessionId: string) => AskedSession;
  publicUrl: string;
  /** Adds an auto-approved rule to the person's own policy. */
  addUserRule: (principal: Principal, rule: string) => Promise<void>;
  logger: Logger;
};

export function createPermissionService(options: PermissionServiceOptions): PermissionService {
  const { session } = options;
  return {
    list: async (principal, sessionId) => unwrap(await session(requireId(sessionId)).listPermissions(principal)),
    get: async (principal, sessionId, requestId) =>
      unwrap(await session(requireId(sessionId)).getPermission(principal, requireId(requestId))),
    async answer(principal, { session_id, request_id, ...answer }) {
      const given = { request_id: requireId(request_id), ...answer };
      const request = unwrap(await session(requireId(session_id)).answerPermission(principal, given));
      const rule = request.settled?.remember === "always" ? request.settled.rule : null;
      return { request, ruleKept: rule === null || (await keepRule(options, principal, rule)) };
    },
    link: (sessionId, requestId) => `${options.publicUrl}/consent/${sessionId}/${requestId}`,
  };
}

/** The tool runs already: a rule that could not be kept is told of, and undoes nothing. */
async function keepRule(options: PermissionServiceOptions, principal: Principal, rule: string): Promise<boolean> {
  try {
    await options.addUserRule(principal, rule);
    return true;
  } catch (error) {
    options.logger.logUnexpected("rule_not_kept", error, {});
    return false;
  }
}

function requireId(id: string): string {
  if (uuidSchema.safeParse(id).success) return id;
  throw new AppError("permission_not_found", "There is no such permission request.");
}

/** What tools show of what waits. */
export type ShownPermission = PendingPermission & { consent_url: string };

export function showPending(
  service: Pick<PermissionService, "link">,
  sessionId: string,
  pending: readonly PendingPermission[],
): ShownPermission[] {
  return pending.map(({ request_id, kind, tool, summary, reason, expires_at }) => ({
    request_id,
    kind,
    tool,
    summary,
    reason,
    consent_url: service.link(sessionId, request_id),
    expires_at,
  }));
}
