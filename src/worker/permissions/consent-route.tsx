// GET and POST /consent/:session/:request: shows a signed-in person what is asked, and takes their answer, once.
import { AppError } from "../../shared/errors/app-error.ts";
import { ERROR_MAP } from "../../shared/errors/error-maps.ts";
import {
  type PermissionAnswer,
  permissionAnswerSchema,
  type PermissionRequestView,
} from "../../shared/permissions/permission-request.ts";
import type { BrowserSessions, SignedIn } from "../auth/browser-session.ts";
import { textField } from "../auth/form-field.ts";
import { MessagePage, pageResponse } from "../auth/page.tsx";
import { seeOther, signInFirst } from "../auth/sign-in-route.tsx";
import { ConsentPage } from "./pages/consent-page.tsx";
import { readElicitationForm, readQuestionForm, readQuestions } from "./pages/question-form.tsx";
import type { PermissionService } from "./permission-service.ts";

export type ConsentRouteOptions = {
  permissions: Pick<PermissionService, "get" | "answer">;
  browsers: BrowserSessions;
  newNonce: () => string;
  nowMs: () => number;
};

export type ConsentRoute = { show(request: Request): Promise<Response>; answer(request: Request): Promise<Response> };

export function createConsentRoute(options: ConsentRouteOptions): ConsentRoute {
  return {
    show: (request) => asPerson(options, request, (signedIn) => showRequest(options, request, signedIn)),
    answer: (request) => asPerson(options, request, (signedIn) => takeAnswer(options, request, signedIn)),
  };
}

/** Whoever is not signed in learns nothing, and changes nothing: the link is no right by itself. */
async function asPerson(
  options: ConsentRouteOptions,
  request: Request,
  work: (signedIn: SignedIn) => Promise<Response>,
): Promise<Response> {
  const signedIn = await options.browsers.read(request);
  if (signedIn === null) return signInFirst(request);
  try {
    return await work(signedIn);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return explain(options, signedIn, error);
  }
}

function readPath(request: Request): { sessionId: string; requestId: string } {
  const [sessionId = "", requestId = ""] = new URL(request.url).pathname.split("/").slice(2);
  return { sessionId, requestId };
}

async function showRequest(options: ConsentRouteOptions, request: Request, signedIn: SignedIn): Promise<Response> {
  const { sessionId, requestId } = readPath(request);
  const asked = await options.permissions.get(signedIn.principal, sessionId, requestId);
  return showPage(options, asked, { signedIn, problem: null, status: 200 });
}

type Showing = { signedIn: SignedIn; problem: string | null; status: number };

function showPage(options: ConsentRouteOptions, asked: PermissionRequestView, showing: Showing): Promise<Response> {
  const { signedIn, problem, status } = showing;
  const nonce = options.newNonce();
  const facts = { request: asked, signedIn, nonce, nowMs: options.nowMs() };
  return pageResponse(<ConsentPage {...facts} problem={problem} />, { nonce, status });
}

async function takeAnswer(options: ConsentRouteOptions, request: Request, signedIn: SignedIn): Promise<Response> {
  const { sessionId, requestId } = readPath(request);
  const form = await request.formData().catch(() => null);
  if (form === null || !(await options.browsers.ownsForm(request, form, signedIn)))
    return refuseForm(options, signedIn);
  const asked = await options.permissions.get(signedIn.principal, sessionId, requestId);
  const answer = readAnswer(asked, form);
  if (answer === null) {
    return showPage(options, asked, { signedIn, problem: "Choose one of the buttons.", status: 400 });
  }
  try {
    const given = { session_id: sessionId, request_id: requestId, answer, way: "page" as const };
    const { request: settled, ruleKept } = await options.permissions.answer(signedIn.principal, given);
    if (ruleKept) return seeOther(new URL(request.url).pathname);
    return showPage(options, settled, { signedIn, problem: RULE_NOT_KEPT, status: 200 });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    // It was settled meanwhile, or the answer does not fit: the page says so above what it is about.
    const now = await options.permissions.get(signedIn.principal, sessionId, requestId);
    return showPage(options, now, { signedIn, problem: error.message, status: ERROR_MAP[error.code].http });
  }
}

const RULE_NOT_KEPT = "It is allowed, but the rule could not be kept: you will be asked about it again.";

function readAnswer(asked: PermissionRequestView, form: FormData): PermissionAnswer | null {
  const decision = textField(form, "decision");
  const message = textField(form, "message").trim();
  const read = permissionAnswerSchema.safeParse({
    decision,
    ...(decision === "deny" && message !== "" ? { message } : {}),
    ...(decision === "answer" ? { content: readContent(asked, form) } : {}),
  });
  return read.success ? read.data : null;
}

function readContent({ kind, tool_input }: PermissionRequestView, form: FormData): Record<string, unknown> {
  if (kind === "elicitation") return readElicitationForm(tool_input, form);
  return readQuestionForm(readQuestions(tool_input) ?? [], form);
}

function refuseForm(options: ConsentRouteOptions, signedIn: SignedIn): Promise<Response> {
  const message = "This form was not made by the page in this browser, so nothing was changed. Open the link again.";
  return explain(options, signedIn, new AppError("origin_not_allowed", message));
}

const NOT_YOURS =
  "There is nothing here that you may answer: the link is of another person's session, or of none. Nothing was changed.";

function explain(options: ConsentRouteOptions, signedIn: SignedIn, error: AppError): Promise<Response> {
  const isHidden = error.code === "session_not_found" || error.code === "permission_not_found";
  const nonce = options.newNonce();
  const message = isHidden ? NOT_YOURS : error.message;
  const page = <MessagePage title="This cannot be answered" message={message} nonce={nonce} signedIn={signedIn} />;
  return pageResponse(page, { nonce, status: ERROR_MAP[error.code].http });
}
