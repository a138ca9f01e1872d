// Finds the lines of an answer that are data: those that begin with one of the caller's prefixes.
import { z } from "zod";
import { isMessageOf } from "../events/message-kind.ts";
import { isTooDeep, shortenText } from "../events/shorten.ts";

/** More than this in one answer is no list of findings any more, and each is a row. */
const MAX_LINES = 500;
const MAX_LINE_CHARACTERS = 16_384;

export type PrefixedLine = {
  prefix: string;
  /** The line without its prefix. */
  text: string;
  /** The text as JSON; absent when it is none. */
  value?: unknown;
};

const resultSchema = z.object({ type: z.literal("result"), is_error: z.literal(false), result: z.string() });

/** The answer of a turn, out of the message that ends it; null for every other message. */
export function readAnswer(message: unknown): string | null {
  if (!isMessageOf(message, "result")) return null;
  const parsed = resultSchema.safeParse(message);
  return parsed.success ? parsed.data.result : null;
}

export function isResult(message: unknown): boolean {
  return isMessageOf(message, "result");
}

const followUpSchema = z.object({ type: z.literal("result"), origin: z.object({ kind: z.string() }) });

/** True for the result of what Claude took up by itself: a prompt's own names no origin, or a person. */
export function isFollowUpResult(message: unknown): boolean {
  if (!isResult(message)) return false;
  const parsed = followUpSchema.safeParse(message);
  return parsed.success && parsed.data.origin.kind !== "human";
}

/** `isCut`: the end of the answer is missing, so that its last line cannot be trusted to be whole. */
export function findPrefixedLines(answer: string, prefixes: readonly string[], isCut = false): PrefixedLine[] {
  const lines = answer.split(/\r\n|\n|\r/);
  const longestFirst = [...prefixes].sort((one, other) => other.length - one.length);
  return (isCut ? lines.slice(0, -1) : lines)
    .flatMap((line) => {
      const prefix = longestFirst.find((candidate) => line.startsWith(candidate));
      return prefix === undefined ? [] : [toPrefixedLine(prefix, line.slice(prefix.length))];
    })
    .slice(0, MAX_LINES);
}

function toPrefixedLine(prefix: string, text: string): PrefixedLine {
  if (text.length > MAX_LINE_CHARACTERS) return { prefix, text: shortenText(text, MAX_LINE_CHARACTERS) };
  try {
    const value = JSON.parse(text) as unknown;
    return isTooDeep([[value]]) ? { prefix, text } : { prefix, text, value };
  } catch {
    return { prefix, text };
  }
}
