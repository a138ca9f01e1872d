// GET and POST /authorize: asks a person, with the provider's consent helpers, and completes or denies the authorization.
import {
  AuthorizationError,
  type AuthRequest,
  CimdFetchError,
  type ConsentDescription,
  type OAuthHelpers,
} from "@cloudflare/workers-oauth-provider";
import type { Logger } from "../telemetry/logger.ts";
import { ConsentPage } from "./consent-page.tsx";
import { textField } from "./form-field.ts";
import { MessagePage, pageResponse } from "./page.tsx";
import type { PrincipalStore } from "./principal-store.ts";
import { explainSignIn } from "./explain-sign-in.ts";
import { GRANTABLE_SCOPES, isScope } from "./scope-words.ts";
import type { SignIns } from "./audited-sign-in.ts";

export type AuthorizeOptions = {
  oauth: () => OAuthHelpers;
  principals: PrincipalStore;
  signIns: SignIns;
  newNonce: () => string;
  logger: Logger;
};

export type AuthorizeRoute = { show(request: Request): Promise<Response>; answer(request: Request): Promise<Response> };

export function createAuthorizeRoute(options: AuthorizeOptions): AuthorizeRoute {
  return {
    show: (request) =>
      guard(options, async () => {
        const authRequest = await options.oauth().parseAuthRequest(request);
        return askPerson(options, authRequest, null);
      }),
    answer: (request) => guard(options, () => takeAnswer(options, request)),
  };
}

async function askPerson(options: AuthorizeOptions, request: AuthRequest, problem: string | null): Promise<Response> {
  const oauth = options.oauth();
  const details: ConsentDescription = await oauth.describeConsent(request);
  const consent = await oauth.beginConsent(request);
  const nonce = options.newNonce();
  const page = <ConsentPage details={details} handle={consent.handle} nonce={nonce} problem={problem} />;
  const status = problem === null ? 200 : 403;
  return pageResponse(page, { nonce, headers: consent.headers, status, formTargets: CLIENT_ADDRESSES });
}

async function takeAnswer(options: AuthorizeOptions, request: Request): Promise<Response> {
  const oauth = options.oauth();
  const form = await request.formData().catch(() => null);
  if (form === null) return messagePage(options, NO_FORM);
  const handle = textField(form, "handle");
  if (textField(form, "decision") !== "approve") {
    const denied = await oauth.denyConsent(request, handle, { description: "The person denied the request" });
    return new Response(null, { status: 302, headers: denied.headers });
  }
  const scope = form
    .getAll("scope")
    .map(String)
    .filter((name) => GRANTABLE_SCOPES.includes(name));
  // The handle is used up before the code is looked at: only a browser that was shown the page may guess.
  const approved = await oauth.approveConsent(request, handle, { scope });
  const { clientId } = approved.request;
  const problem = scope.some(isScope)
    ? await explainSignIn(options, textField(form, "code"), clientId)
    : NOTHING_TICKED;
  if (problem !== null) return askPerson(options, approved.request, problem);
  return complete(options, approved.request, approved.headers);
}

/** Browsers hold `form-action` against the redirect to the client as well, so it names every kind of client address. */
const CLIENT_ADDRESSES = "'self' https: http://localhost:* http://127.0.0.1:* http://[::1]:*";

const NOTHING_TICKED = "Nothing is ticked. Tick what it may do, or choose Deny.";

async function complete(options: AuthorizeOptions, request: AuthRequest, headers: Headers): Promise<Response> {
  const userId = await options.principals.ensureLocalUser();
  await options.signIns.signedIn(userId, request.clientId, request.scope);
  const { redirectTo } = await options.oauth().completeAuthorization({
    request,
    userId,
    metadata: {},
    scope: request.scope,
    props: { userId },
  });
  options.logger.log("info", "signed_in", { user_id: userId });
  headers.set("location", redirectTo);
  return new Response(null, { status: 302, headers });
}

/** Redirects back only where the provider found that safe; else says on a page of ours what is wrong. */
async function guard(options: AuthorizeOptions, work: () => Promise<Response>): Promise<Response> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AuthorizationError && error.redirectTo !== undefined) {
      return new Response(null, { status: 302, headers: { location: error.redirectTo, "cache-control": "no-store" } });
    }
    const message = explain(error);
    if (message === null) throw error;
    options.logger.log("info", "authorization_refused", { kind: error instanceof Error ? error.name : "unknown" });
    return messagePage(options, message);
  }
}

const NO_FORM = "This address takes the sign-in page's form alone. Go back to your client and connect again.";

function messagePage(options: AuthorizeOptions, message: string): Promise<Response> {
  const nonce = options.newNonce();
  const page = <MessagePage title="This cannot go on" message={message} nonce={nonce} />;
  return pageResponse(page, { nonce, status: 400 });
}

function explain(error: unknown): string | null {
  if (error instanceof AuthorizationError) {
    return "The request is not valid, or this page was used before, is older than ten minutes or was opened in another browser. Go back to your client and connect again.";
  }
  if (error instanceof CimdFetchError) {
    return "The description that the client publishes about itself could not be read, so it is not known who asks. Try again later, or connect with another client.";
  }
  return null;
}
