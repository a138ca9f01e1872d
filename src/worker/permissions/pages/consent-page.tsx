// The page that asks a person about one permission request. Plain HTML: it works without JavaScript.
import type { FC } from "hono/jsx";
import { readElicitation } from "../../../shared/permissions/elicitation-form.ts";
import type { PermissionRequestView } from "../../../shared/permissions/permission-request.ts";
import { isShortened } from "../../../shared/permissions/shortened-input.ts";
import type { SignedIn } from "../../auth/browser-session.ts";
import { Page, Problem } from "../../auth/page.tsx";
import { CallView, Block } from "./call-view.tsx";
import { Facts } from "./request-facts.tsx";
import { ElicitationFields, QuestionFields, readQuestions } from "./question-form.tsx";
import { describeSettled } from "./settled-words.ts";
import { makeVisible } from "./visible-text.ts";

export type ConsentPageProps = {
  request: PermissionRequestView;
  signedIn: SignedIn;
  nonce: string;
  nowMs: number;
  /** What went wrong with the answer before, in words. */
  problem?: string | null;
};

export const ConsentPage: FC<ConsentPageProps> = ({ request, signedIn, nonce, nowMs, problem = null }) => {
  const title = titleOf(request);
  return (
    <Page title={title} nonce={nonce} signedIn={signedIn} wide>
      <h1>{title}</h1>
      <Problem text={problem} />
      {request.settled !== null && (
        <p class={request.settled.behavior === "allow" ? "outcome allowed" : "outcome denied"} role="status">
          {describeSettled(request, signedIn.principal.user_id)}
        </p>
      )}
      <Asked request={request} />
      <Facts request={request} startedBy={signedIn.displayName} nowMs={nowMs} />
      {request.settled === null && <AnswerForms request={request} signedIn={signedIn} />}
    </Page>
  );
};

function titleOf({ kind, tool }: PermissionRequestView): string {
  if (kind === "question") return "Claude asks you something";
  if (kind === "plan") return "May Claude carry out its plan?";
  if (kind === "elicitation") return `The MCP server ${makeVisible(tool)} asks you something`;
  return TITLES[tool] ?? `May Claude use ${makeVisible(tool)}?`;
}

const TITLES: Record<string, string> = {
  Bash: "May Claude run this command?",
  Edit: "May Claude change this file?",
  MultiEdit: "May Claude change this file?",
  Write: "May Claude write this file?",
  NotebookEdit: "May Claude change this notebook?",
  Read: "May Claude read this file?",
  WebFetch: "May Claude open this address?",
};

const Asked: FC<{ request: PermissionRequestView }> = ({ request }) => {
  if (isShortened(request.tool_input)) return <TooLong request={request} />;
  if (request.kind === "tool") return <CallView request={request} />;
  if (request.kind === "plan") return <Plan input={request.tool_input} />;
  if (request.kind === "elicitation") {
    return <Block label="It says" text={readElicitation(request.tool_input).message} strong />;
  }
  return request.settled === null ? null : <Block label="It asked" text={questionsText(request.tool_input)} />;
};

const TooLong: FC<{ request: PermissionRequestView }> = ({ request }) => (
  <>
    <p class="problem">It is too long to be shown whole, so it can only be denied. This is its beginning.</p>
    <Block label="Shortened" text={JSON.stringify(request.tool_input, null, 2) ?? ""} />
  </>
);

const Plan: FC<{ input: unknown }> = ({ input }) => {
  const { plan } = (input ?? {}) as { plan?: unknown };
  if (typeof plan === "string" && plan.trim() !== "") return <Block label="The plan" text={plan} strong />;
  return <p class="warning">The plan stands in the conversation; Claude did not send it along. Read it there first.</p>;
};

function questionsText(input: unknown): string {
  return (readQuestions(input) ?? []).map(({ question }) => question).join("\n");
}

/** Two forms: the Enter key in a text for Claude must never press the button that allows. */
const AnswerForms: FC<{ request: PermissionRequestView; signedIn: SignedIn }> = ({ request, signedIn }) => {
  const canAgree = !isShortened(request.tool_input);
  const questions = request.kind === "question" ? readQuestions(request.tool_input) : null;
  const token = <input type="hidden" name="form_token" value={signedIn.formToken} />;
  return (
    <>
      {canAgree && (
        <form method="post" autocomplete="off">
          {token}
          {questions !== null && <QuestionFields questions={questions} />}
          {request.kind === "elicitation" && <ElicitationFields input={request.tool_input} />}
          <Agreeing request={request} />
        </form>
      )}
      <form class="deny" method="post" autocomplete="off">
        {token}
        <label class="text">
          {request.kind === "elicitation" ? "Or decline" : "Or say no, and tell Claude why (may stay empty)"}
          {request.kind !== "elicitation" && <input name="message" maxlength={1000} autocomplete="off" />}
        </label>
        <button name="decision" value="deny">
          {request.kind === "tool" || request.kind === "plan" ? "Deny" : "Decline"}
        </button>
      </form>
    </>
  );
};

const Agreeing: FC<{ request: PermissionRequestView }> = ({ request }) => {
  if (request.kind === "question" || request.kind === "elicitation") {
    return (
      <div class="buttons">
        <button name="decision" value="answer" class="primary">
          Send the answer
        </button>
      </div>
    );
  }
  if (request.kind === "plan") {
    return (
      <div class="buttons">
        <button name="decision" value="allow_once" class="primary">
          Agree to the plan
        </button>
      </div>
    );
  }
  return <AllowButtons request={request} />;
};

const AllowButtons: FC<{ request: PermissionRequestView }> = ({ request: { session_rule, always_rule, rule } }) => (
  <div class="choices">
    <div class="choice">
      <button name="decision" value="allow_once" class="primary">
        Allow once
      </button>
      <small>This call, now.</small>
    </div>
    <div class="choice">
      <button name="decision" value="allow_session">
        Allow for this session
      </button>
      <small>
        {session_rule === null ? (
          "This very call again, with the same input, as long as the session lives."
        ) : (
          <>
            From now on in this session: <code>{makeVisible(session_rule)}</code>
          </>
        )}
      </small>
    </div>
    {always_rule === null ? (
      <p class="hint">{whyNotAlways(rule)}</p>
    ) : (
      <div class="choice">
        <button name="decision" value="allow_always">
          Allow always
        </button>
        <small>
          In all your projects, until you take the rule back: <code>{makeVisible(always_rule)}</code>
        </small>
      </div>
    )}
  </div>
);

function whyNotAlways(rule: string | null): string {
  if (rule !== null) return "It cannot be allowed for always here: a rule asks about it each time.";
  return "It cannot be allowed for always here: no rule would take this call and nothing more.";
}
