// How a turn ended, from what the runner saw: its status, its reason in words, and its result with its own cost.
import { type Attachment, type AttachmentProblem } from "../attachments/schema.ts";
import type { ErrorCode } from "../errors/error-code.ts";
import { MAX_ATTACHMENT_BYTES, MAX_ATTACHMENTS_BYTES, MAX_STRUCTURED_BYTES } from "../limits.ts";
import type { CliResult, TurnEndReason } from "../rpc/runner-entry.ts";
import type { TurnResult, TurnStatus } from "./schema.ts";

export type TurnEnd = {
  status: Extract<TurnStatus, "completed" | "failed" | "interrupted">;
  reason: string;
  result: TurnResult | null;
  /** What went wrong, for the log; null when nothing did. */
  error: { code: ErrorCode; message: string } | null;
};

/** `absent`: a turn that Claude began by itself needs none. */
export type StructuredVerdict = { kind: "valid"; value: unknown } | { kind: "absent" | "invalid" | "too_large" };

export type TurnEndFacts = {
  reason: TurnEndReason;
  result: CliResult | null;
  exitCode: number | null;
  signal: string | null;
  /** What the session had cost before, as the CLI counts it. */
  cliTotalUsdBefore: number;
  /** Claude began the turn by itself. */
  isFollowUp?: boolean;
  /** The structured answer, held against the turn's output_schema; null when the turn has none. */
  structured?: StructuredVerdict | null;
  /** A budget that refused the turn a model request, and why. */
  refusal?: { code: ErrorCode; message: string } | null;
  /** The file that could not be given, and what is wrong with it. */
  attachment?: { file: Attachment | null; problem: AttachmentProblem["problem"] } | null;
};

const NOT_RECORDED =
  "The sandbox could not keep what Claude Code said, so the turn was stopped; its disk may be full. " +
  "Send a prompt that frees some space, or work in a new project.";

/** For a turn that its runner knows nothing of any more although it said all that it had to say. */
export const TURN_LOST: TurnEnd = failed(
  "turn_lost",
  "The sandbox lost this turn: it does not run any more, and its end was never told. Send the prompt again to go on.",
  null,
);

export function decideTurnEnd(facts: TurnEndFacts): TurnEnd {
  const result = facts.result === null ? null : toTurnResult(facts.result, facts);
  switch (facts.reason) {
    case "result":
      return endedByResult(facts, result);
    case "interrupted":
      return { status: "interrupted", reason: "interrupted on request", result, error: null };
    case "timed_out":
      return failed("turn_timed_out", "The turn took longer than its timeout_seconds and was stopped.", result);
    case "silent":
      return failed(
        "turn_silent",
        "Claude Code said nothing for too long and was stopped. Send the prompt again.",
        result,
      );
    case "cli_start_failed":
      return failed(
        "cli_start_failed",
        "Claude Code could not be started in the sandbox. Send the prompt again.",
        result,
      );
    case "not_recorded":
      return failed("turn_lost", NOT_RECORDED, result);
    case "attachment_refused":
      return refusedFile(facts);
    case "cli_exited":
      return failed("cli_exited", exitMessage(facts), result);
  }
}

function endedByResult(facts: TurnEndFacts, result: TurnResult | null): TurnEnd {
  const { result: cli, structured, isFollowUp, refusal = null } = facts;
  if (cli?.is_error === true && refusal !== null) return failed(refusal.code, refusal.message, result);
  if (cli?.subtype === "error_max_structured_output_retries") return unstructured("invalid", result);
  if (cli === null || !cli.is_error) {
    const problem = structured?.kind ?? "valid";
    const isFine = problem === "valid" || (problem === "absent" && isFollowUp === true);
    return isFine ? { status: "completed", reason: "completed", result, error: null } : unstructured(problem, result);
  }
  return { status: "failed", reason: resultReason(cli.subtype), result, error: null };
}

const STRUCTURED_PROBLEMS = {
  absent: "Claude Code gave an answer in words and none by the output_schema. Ask again, or make the prompt clearer.",
  invalid: "Claude Code gave no answer that fits the output_schema. Make the schema simpler, or the prompt clearer.",
  too_large: `The structured answer has more than ${MAX_STRUCTURED_BYTES} bytes. Ask for less, or for a file.`,
};

function unstructured(problem: keyof typeof STRUCTURED_PROBLEMS, result: TurnResult | null): TurnEnd {
  return failed("structured_output_missing", STRUCTURED_PROBLEMS[problem], result);
}

function resultReason(subtype: string): string {
  if (subtype === "error_max_turns") return "stopped at max_turns";
  if (subtype === "error_max_budget_usd") return "stopped at max_budget_usd";
  return "Claude Code ended the turn with an error; the result's text says which";
}

function exitMessage(facts: TurnEndFacts): string {
  const how = facts.signal === null ? `with exit code ${facts.exitCode ?? "unknown"}` : `by signal ${facts.signal}`;
  return `Claude Code ended ${how} before the turn had a result. The session takes the next prompt.`;
}

const FILE_PROBLEMS: Record<AttachmentProblem["problem"], string> = {
  file_not_found: "is no file of the project. list_project_files shows what is there.",
  upload_gone: "has expired. Send it again with create_upload.",
  too_large: `has more than ${MAX_ATTACHMENT_BYTES} bytes. Attach a smaller one, or let Claude Code read it in the project.`,
  all_too_large: `makes the conversation's attachments larger than ${MAX_ATTACHMENTS_BYTES} bytes together. Attach fewer, or begin a new session.`,
  empty: "is empty.",
  not_its_type: "is not what its name says. Attach a real image or PDF.",
  unsupported: "is neither a PNG, JPEG, GIF or WebP image nor a PDF nor UTF-8 text.",
  not_fetched: "did not reach the sandbox. Send the prompt again.",
};

/** The model was not asked. */
function refusedFile({ attachment }: TurnEndFacts): TurnEnd {
  const file = attachment?.file ?? null;
  const name =
    file === null ? "" : ` ${JSON.stringify("project_file" in file ? file.project_file.slice(0, 200) : file.name)}`;
  const problem = attachment?.problem ?? "not_fetched";
  const isMissing = problem === "file_not_found" || problem === "upload_gone";
  return failed(
    isMissing ? "attachment_not_found" : "attachment_refused",
    `The attachment${name} ${FILE_PROBLEMS[problem]}`,
    null,
  );
}

function failed(code: ErrorCode, message: string, result: TurnResult | null): TurnEnd {
  return { status: "failed", reason: message, result, error: { code, message } };
}

/** The CLI's total runs on over turns, resumes and restarts; one that is lower than before began anew. */
function addedUsd(total: number, before: number): number {
  return total < before ? total : total - before;
}

function toTurnResult(cli: CliResult, { structured, cliTotalUsdBefore }: TurnEndFacts): TurnResult {
  const denials = cli.permission_denials;
  return {
    text: cli.text,
    ...(structured?.kind === "valid" ? { structured: structured.value } : {}),
    is_error: cli.is_error,
    num_turns: cli.num_turns,
    duration_ms: cli.duration_ms,
    cost_usd: addedUsd(cli.total_cost_usd, cliTotalUsdBefore),
    usage: cli.usage,
    ...(denials.length === 0 ? {} : { permission_denials: denials }),
  };
}
