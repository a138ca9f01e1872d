// A permission request as a form that an MCP client shows its person; and what the person chose in it.
import type { PermissionAnswer, PermissionRequestView } from "../../shared/permissions/permission-request.ts";
import { readElicitation } from "../../shared/permissions/elicitation-form.ts";
import { isShortened } from "../../shared/permissions/shortened-input.ts";
import { readQuestions } from "../permissions/pages/question-form.tsx";
import { makeVisible } from "../permissions/pages/visible-text.ts";

/** What is longer is not read in a client's dialog: its page shows it. */
const MAX_MESSAGE_CHARACTERS = 4_000;

type Field =
  | { type: "string"; title: string; enum?: string[]; enumNames?: string[] }
  | { type: "number" | "integer" | "boolean"; title: string };
type Schema = { type: "object"; properties: Record<string, Field>; required: string[] };

export type ConsentForm = { message: string; requestedSchema: Schema };

/** Null for a request that only its page can ask about. */
export function makeConsentForm(request: PermissionRequestView, pageUrl: string): ConsentForm | null {
  const requestedSchema = isShortened(request.tool_input) ? null : SCHEMAS[request.kind](request);
  const message = describe(request, pageUrl);
  return requestedSchema === null || message.length > MAX_MESSAGE_CHARACTERS ? null : { message, requestedSchema };
}

const SCHEMAS: Record<PermissionRequestView["kind"], (request: PermissionRequestView) => Schema | null> = {
  // What holds for all projects is decided on the page, where the rule is shown.
  tool: () => choice({ allow_once: "Allow once", allow_session: "Allow for this session", deny: "Deny" }),
  plan: () => choice({ allow_once: "Agree to the plan", deny: "Keep planning" }),
  question: questionSchema,
  elicitation: elicitationSchema,
};

function choice(offered: Record<string, string>): Schema {
  const properties = {
    decision: {
      type: "string" as const,
      title: "Your answer",
      enum: Object.keys(offered),
      enumNames: Object.values(offered),
    },
    message: { type: "string" as const, title: "If you say no: what Claude should know" },
  };
  return { type: "object", properties, required: ["decision"] };
}

const choiceName = (index: number): string => `choice_${index}`;
const ownName = (index: number): string => `own_words_${index}`;

function questionSchema({ tool_input }: PermissionRequestView): Schema | null {
  const questions = readQuestions(tool_input);
  if (questions === null) return null;
  const fields = questions.flatMap(({ question, options }, index): [string, Field][] => {
    const labels = options.map(({ label }) => label);
    const own: Field = { type: "string", title: labels.length === 0 ? makeVisible(question) : "Or in your own words" };
    const chosen: Field = { type: "string", title: makeVisible(question), enum: labels };
    return [...(labels.length === 0 ? [] : [[choiceName(index), chosen] as [string, Field]]), [ownName(index), own]];
  });
  return { type: "object", properties: Object.fromEntries(fields), required: [] };
}

/** Fields that a client's dialog may not have are asked about on the page. */
function elicitationSchema({ tool_input }: PermissionRequestView): Schema | null {
  const { url, fields } = readElicitation(tool_input);
  if (url !== null || fields.some(({ kind }) => kind === "choices")) return null;
  const properties = fields.map(({ name, label, kind, options }): [string, Field] => {
    const title = makeVisible(label);
    if (kind === "yes_no") return [name, { type: "boolean", title }];
    if (kind === "number" || kind === "integer") return [name, { type: kind, title }];
    return [name, { type: "string", title, ...(kind === "choice" ? { enum: options.map(({ value }) => value) } : {}) }];
  });
  const required = fields.filter(({ isRequired }) => isRequired).map(({ name }) => name);
  return { type: "object", properties: Object.fromEntries(properties), required };
}

function describe(request: PermissionRequestView, pageUrl: string): string {
  const { kind, tool_input, session, reason, session_rule, expires_at } = request;
  const again = session_rule === null ? "this very call again" : session_rule;
  return [
    `${TITLES[kind](request)} Project ${session.project}, branch ${session.branch}.`,
    makeVisible(kind === "elicitation" ? readElicitation(tool_input).message : JSON.stringify(tool_input, null, 2)),
    `Why it is asked: ${makeVisible(reason)}`,
    ...(kind === "tool" ? [`For this session means: ${makeVisible(again)}`] : []),
    `Unanswered it is denied at ${expires_at}. The page about it: ${pageUrl}`,
  ].join("\n\n");
}

const TITLES: Record<PermissionRequestView["kind"], (request: PermissionRequestView) => string> = {
  tool: ({ tool }) => `Claude asks to use ${tool}.`,
  plan: () => "Claude asks you to agree to its plan.",
  question: () => "Claude asks you something.",
  elicitation: ({ tool }) => `The MCP server ${makeVisible(tool)}, which Claude uses, asks you something.`,
};

/** Null when nothing was chosen: the request stays as it is. */
export function readConsentForm(
  request: PermissionRequestView,
  content: Record<string, unknown>,
): PermissionAnswer | null {
  if (request.kind === "elicitation") return { decision: "answer", content };
  if (request.kind === "question") return readAnswers(request, content);
  const { decision, message } = content;
  const words = typeof message === "string" ? message.trim().slice(0, 1000) : "";
  if (decision === "deny") return { decision, ...(words === "" ? {} : { message: words }) };
  return decision === "allow_once" || decision === "allow_session" ? { decision } : null;
}

function readAnswers({ tool_input }: PermissionRequestView, content: Record<string, unknown>): PermissionAnswer | null {
  const answers = (readQuestions(tool_input) ?? []).map(({ question }, index) => {
    const chosen = [content[choiceName(index)], content[ownName(index)]];
    return [question, chosen.filter((text) => typeof text === "string" && text.trim() !== "").join(", ")] as const;
  });
  return answers.some(([, text]) => text === "") ? null : { decision: "answer", content: Object.fromEntries(answers) };
}
