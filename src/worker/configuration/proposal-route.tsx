// GET and POST /proposals/:id: shows a signed-in person what would change, and takes their yes or no, once.
import { AppError } from "../../shared/errors/app-error.ts";
import { ERROR_MAP } from "../../shared/errors/error-maps.ts";
import { uuidSchema } from "../../shared/ids.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import { type AuditRecorder, BROWSER } from "../audit/audit-recorder.ts";
import type { BrowserSessions, SignedIn } from "../auth/browser-session.ts";
import { textField } from "../auth/form-field.ts";
import { MessagePage, pageResponse } from "../auth/page.tsx";
import { seeOther, signInFirst } from "../auth/sign-in-route.tsx";
import { ProposalPage } from "./pages/proposal-page.tsx";
import type { ProposalService } from "./proposal-service.ts";
import type { Proposal } from "./proposal-store.ts";

export type ProposalRouteOptions = {
  proposals: Pick<ProposalService, "find" | "confirm" | "refuse">;
  browsers: BrowserSessions;
  audit: Pick<AuditRecorder, "around" | "stopping">;
  /** Whose scope it is, in words. */
  namePlace: (principal: Principal, place: Proposal["place"]) => Promise<string>;
  /** What an OAuth client calls itself, by its id. */
  nameClient: (clientId: string) => Promise<string>;
  newNonce: () => string;
  nowMs: () => number;
};

export type ProposalRoute = { show(request: Request): Promise<Response>; answer(request: Request): Promise<Response> };

export function createProposalRoute(options: ProposalRouteOptions): ProposalRoute {
  return {
    show: (request) =>
      asPerson(options, request, (signedIn, id) => showProposal(options, { signedIn, id, problem: null, status: 200 })),
    answer: (request) => asPerson(options, request, (signedIn, id) => takeAnswer(options, request, { signedIn, id })),
  };
}

async function asPerson(
  options: ProposalRouteOptions,
  request: Request,
  work: (signedIn: SignedIn, id: string) => Promise<Response>,
): Promise<Response> {
  const signedIn = await options.browsers.read(request);
  if (signedIn === null) return signInFirst(request);
  const id = new URL(request.url).pathname.split("/").at(-1) ?? "";
  try {
    if (!uuidSchema.safeParse(id).success) throw new AppError("not_found", NOT_YOURS);
    return await work(signedIn, id);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return explain(options, signedIn, error);
  }
}

type Showing = { signedIn: SignedIn; id: string; problem: string | null; status: number };

async function showProposal(
  options: ProposalRouteOptions,
  { signedIn, id, problem, status }: Showing,
): Promise<Response> {
  const proposal = await options.proposals.find(signedIn.principal, id);
  const place = await options.namePlace(signedIn.principal, proposal.place);
  const client = proposal.client === null ? "unknown" : await options.nameClient(proposal.client);
  const nonce = options.newNonce();
  const props = { proposal, place, client, signedIn, nonce, nowMs: options.nowMs(), problem };
  return pageResponse(<ProposalPage {...props} />, { nonce, status });
}

async function takeAnswer(
  options: ProposalRouteOptions,
  request: Request,
  { signedIn, id }: { signedIn: SignedIn; id: string },
): Promise<Response> {
  const form = await request.formData().catch(() => null);
  if (form === null || !(await options.browsers.ownsForm(request, form, signedIn))) {
    throw new AppError("origin_not_allowed", FOREIGN_FORM);
  }
  const decision = textField(form, "decision");
  if (decision !== "confirm" && decision !== "refuse") {
    return showProposal(options, { signedIn, id, problem: "Choose one of the buttons.", status: 400 });
  }
  try {
    await decide(options, signedIn.principal, id, decision);
    return seeOther(new URL(request.url).pathname);
  } catch (error) {
    if (!(error instanceof AppError) || error.code === "not_found") throw error;
    return showProposal(options, { signedIn, id, problem: error.message, status: ERROR_MAP[error.code].http });
  }
}

async function decide(
  { audit, proposals }: ProposalRouteOptions,
  principal: Principal,
  id: string,
  decision: "confirm" | "refuse",
): Promise<void> {
  const target = { target_kind: "proposal", target_id: id, decided_by: "page", details: {} };
  const record = decision === "refuse" ? audit.stopping : audit.around;
  await record({ ...principal, client_id: BROWSER }, { action: `proposal.${decision}`, ...target }, async () => {
    await proposals[decision](principal, id);
  });
}

const FOREIGN_FORM = "This form was not made by the page in this browser, so nothing was changed. Open the link again.";
const NOT_YOURS = "There is no such proposal for you to answer. Nothing was changed.";

function explain(options: ProposalRouteOptions, signedIn: SignedIn, error: AppError): Promise<Response> {
  const nonce = options.newNonce();
  const message = error.code === "not_found" ? NOT_YOURS : error.message;
  const page = <MessagePage title="This cannot be answered" message={message} nonce={nonce} signedIn={signedIn} />;
  return pageResponse(page, { nonce, status: ERROR_MAP[error.code].http });
}
