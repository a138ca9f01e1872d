// Which answers fit which request, and what each makes of it.
import { z } from "zod";
import type { PermissionDecision } from "../rpc/session-host-api.ts";
import { readElicitationAnswer } from "./elicitation-form.ts";
import type { PermissionAnswer, RequestKind, Resolution } from "./permission-request.ts";
import { isShortened } from "./shortened-input.ts";

export type AnsweredRequest = {
  kind: RequestKind;
  tool_name: string;
  tool_input: unknown;
  always_rule: string | null;
  session_rule: string | null;
};

export type Judged =
  | {
      ok: true;
      decision: PermissionDecision;
      resolution: Pick<Resolution, "behavior" | "remember" | "rule" | "message">;
    }
  | { ok: false; reason: string };

export function judgeAnswer(request: AnsweredRequest, answer: PermissionAnswer): Judged {
  if (answer.decision === "deny") return denied(request, answer.message);
  if (isShortened(request.tool_input)) return refuse("It is too long to be shown whole, so it can only be denied.");
  if (answer.decision === "answer") return answered(request, answer.content);
  if (request.kind === "tool") return allowedTool(request, answer.decision);
  if (request.kind === "plan" && answer.decision === "allow_once") return allowed({ remember: "once", rule: null });
  return refuse("This is a question: answer it, or decline.");
}

function allowedTool(request: AnsweredRequest, decision: "allow_once" | "allow_session" | "allow_always"): Judged {
  if (decision === "allow_once") return allowed({ remember: "once", rule: null });
  if (decision === "allow_session") return allowed({ remember: "session", rule: request.session_rule });
  if (request.always_rule === null) return refuse("No rule is as narrow as this call, so it cannot be allowed always.");
  return allowed({ remember: "always", rule: request.always_rule });
}

function answered(request: AnsweredRequest, content: Record<string, unknown>): Judged {
  if (request.kind === "question") {
    const answers = readQuestionAnswers(request.tool_input, content);
    return answers === null ? refuse("Answer each question.") : allowed({ added_input: { answers } });
  }
  if (request.kind === "elicitation") {
    const read = readElicitationAnswer(request.tool_input, content);
    return read.ok ? allowed({ added_input: read.content }) : refuse(read.reason);
  }
  return refuse("This is no question: allow it, or deny it.");
}

const questionsSchema = z.object({ questions: z.array(z.object({ question: z.string() })).min(1) });
const answerTextSchema = z.string().trim().min(1).max(4000);

/** An answer to every question that was asked, and to no other; by the question's text. */
function readQuestionAnswers(input: unknown, content: Record<string, unknown>): Record<string, string> | null {
  const asked = questionsSchema.safeParse(input);
  if (!asked.success) return null;
  const names = new Set(asked.data.questions.map(({ question }) => question));
  if (Object.keys(content).some((name) => !names.has(name))) return null;
  const answers = [...names].map((name) => [name, answerTextSchema.safeParse(content[name]).data] as const);
  return answers.some(([, text]) => text === undefined)
    ? null
    : (Object.fromEntries(answers) as Record<string, string>);
}

type Allowing = {
  remember?: "once" | "session" | "always";
  rule?: string | null;
  added_input?: Record<string, unknown>;
};

function allowed({ remember = "once", rule = null, added_input }: Allowing): Judged {
  const decision = { behavior: "allow" as const, ...(added_input === undefined ? {} : { added_input }) };
  return { ok: true, decision, resolution: { behavior: "allow", remember, rule, message: null } };
}

const DENIED: Record<RequestKind, string> = {
  tool: "A person was asked and said no. The tool did not run. Do not try the same in another way.",
  question: "The person chose not to answer. Go on as far as you can without it, and say what you assumed.",
  plan: "The person did not agree to the plan. Keep planning, and do not act on it.",
  elicitation: "The person declined.",
};

function denied({ kind }: AnsweredRequest, message: string | undefined): Judged {
  const words = message?.trim() ?? "";
  const text = words === "" ? DENIED[kind] : `${DENIED[kind]} They said: ${words}`;
  const resolution = { behavior: "deny" as const, remember: null, rule: null, message: words === "" ? null : words };
  return { ok: true, decision: { behavior: "deny", message: text }, resolution };
}

function refuse(reason: string): Judged {
  return { ok: false, reason };
}
