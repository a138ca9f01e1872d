// Says what is wrong with a tool's arguments, by the names of the parameters and without repeating their values.
import type { z } from "zod";

const MAX_ISSUES = 8;
const MAX_NAME_LENGTH = 64;

export function describeBadArguments(error: z.ZodError): string {
  const lines = error.issues.slice(0, MAX_ISSUES).flatMap(describeIssue);
  const left = error.issues.length - MAX_ISSUES;
  const rest = left > 0 ? [`and ${left} more`] : [];
  return `The arguments are not valid: ${[...lines, ...rest].join("; ")}.`;
}

function describeIssue(issue: z.core.$ZodIssue): string[] {
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => `there is no parameter ${quote(key)}`);
  const path = issue.path.map((part) => String(part).slice(0, MAX_NAME_LENGTH)).join(".");
  return [`${path === "" ? "the arguments" : path}: ${reason(issue)}`];
}

function reason(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_type") {
    // The issue does not carry the value; its message says whether there was one.
    return issue.message.endsWith("received undefined")
      ? `is missing (${article(issue.expected)} is expected)`
      : `must be ${article(issue.expected)}`;
  }
  if (issue.code === "invalid_value") return `must be one of ${issue.values.map(String).join(", ")}`;
  if (issue.code === "too_big") return `must be at most ${issue.maximum}${unit(issue.origin)}`;
  if (issue.code === "too_small")
    return `must be ${issue.inclusive === false ? "more than" : "at least"} ${issue.minimum}${unit(issue.origin)}`;
  return issue.message;
}

function unit(origin: string): string {
  if (origin === "string") return " characters long";
  return origin === "array" ? " entries long" : "";
}

function article(expected: string): string {
  const kind = expected === "int" ? "integer" : expected;
  return /^[aeiou]/.test(kind) ? `an ${kind}` : `a ${kind}`;
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, MAX_NAME_LENGTH));
}
