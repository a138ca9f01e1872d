// Reads a Markdown file with front matter, as Claude Code does: YAML between three dashes at the very top and the next three.
import { isMap, parseDocument } from "yaml";
import { AppError } from "../../shared/errors/app-error.ts";

/** Of the front matter alone: what is in it are names and sentences. */
const MAX_FRONT_MATTER_CHARS = 16_000;
const MAX_ALIASES = 20;
const FENCE = "---";

export type Markdown = { fields: Record<string, unknown>; body: string };

/** `what` begins the sentences about what is wrong, as in "The command". */
export function readFrontMatter(text: string, what: string): Markdown {
  // Each reader on the way takes one mark away: none is left for the last one.
  const plain = text.replace(/^\uFEFF+/, "");
  const split = splitFrontMatter(plain);
  return split === null ? { fields: {}, body: plain } : { fields: readYaml(split.yaml, what), body: split.body };
}

/**
 * As Claude Code does by `/^---\s*\n([\s\S]*?)---\s*\n?/`: it ends at the next three dashes, wherever in a line they
 * stand. In two steps, since that pattern takes the square of a long run of empty lines.
 */
export function splitFrontMatter(text: string): { yaml: string; body: string } | null {
  const [head] = /^---\s*\n/.exec(text) ?? [];
  const end = head === undefined ? -1 : text.indexOf(FENCE, head.length);
  if (head === undefined || end === -1) return null;
  return { yaml: text.slice(head.length, end), body: text.slice(end + FENCE.length).trimStart() };
}

function readYaml(yaml: string, what: string): Record<string, unknown> {
  if (yaml.length > MAX_FRONT_MATTER_CHARS) {
    throw wrong(`${what}'s front matter is longer than ${MAX_FRONT_MATTER_CHARS} characters.`);
  }
  if (yaml.trim() === "") return {};
  const read = parseYaml(yaml);
  if (read.ok) return read.fields;
  const again = parseYaml(quoteValues(yaml));
  if (again.ok) return again.fields;
  const at = read.line === null ? "" : `, in line ${read.line + 1}`;
  throw wrong(`${what}'s front matter is no YAML list of names and values${at}. Put odd values in quotes.`);
}

type YamlReading = { ok: true; fields: Record<string, unknown> } | { ok: false; line: number | null };

function parseYaml(yaml: string): YamlReading {
  const document = parseDocument(yaml, { version: "1.2", merge: false, uniqueKeys: true, logLevel: "silent" });
  const [error] = document.errors;
  if (error !== undefined) return { ok: false, line: error.linePos?.[0].line ?? null };
  if (!isMap(document.contents)) return { ok: false, line: null };
  try {
    return { ok: true, fields: document.toJS({ maxAliasCount: MAX_ALIASES }) as Record<string, unknown> };
  } catch {
    // It refers to what is not there, or to itself too often.
    return { ok: false, line: null };
  }
}

/** As Claude Code does where it is no YAML otherwise: `argument-hint: [file] [reason]` is taken for a text. */
function quoteValues(yaml: string): string {
  return yaml.replace(/^([A-Za-z][\w-]*):[ \t]+(\S.*)$/gm, (line, key: string, value: string) =>
    /^["']/.test(value) || !/[{}[\]*&#!|>%@`]|: /.test(value) ? line : `${key}: ${JSON.stringify(value.trim())}`,
  );
}

/** Tools as Claude Code takes them: a list, or a text with commas or spaces between, brackets left whole. */
export function readTools(value: unknown, what: string): string[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value.map((one) => one.trim());
  if (typeof value === "string") return splitTools(value);
  throw wrong(`${what}'s allowed-tools are neither a text nor a list of texts.`);
}

function splitTools(text: string): string[] {
  const tools = text.match(/[^\s,()]+(?:\([^()]*\))?/g) ?? [];
  const rest = text.replaceAll(/[^\s,()]+(?:\([^()]*\))?|[\s,]/g, "");
  // Brackets that are left over: as one rule it is refused with the reason.
  return rest === "" ? tools : [text.trim()];
}

/** One line of text; numbers and yes or no count as they are written. Null where it is not there. */
export function readLine(fields: Record<string, unknown>, name: string, what: string): string | null {
  const value = fields[name];
  if (value === undefined || value === null) return null;
  if (typeof value === "string") return value.trim().replace(/\s*\n\s*/g, " ") || null;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  // An argument hint such as [file] is a list to YAML.
  if (name === "argument-hint" && Array.isArray(value)) return `[${value.join(", ")}]`;
  throw wrong(`${what}'s ${name} is no text.`);
}

export function wrong(message: string): AppError {
  return new AppError("invalid_argument", message);
}
