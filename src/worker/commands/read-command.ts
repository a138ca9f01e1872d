// Makes a command of Markdown and of single fields, which win over the front matter.
import type { z } from "zod";
import { type Command, commandSchema } from "../../shared/commands/command-schema.ts";
import { readFrontMatter, readLine, readTools, wrong } from "../front-matter/read-front-matter.ts";

const KNOWN = ["name", "description", "category", "argument-hint", "allowed-tools", "model"];

/** Undefined leaves what the Markdown, or what was there before, says. */
export type CommandFields = {
  markdown?: string | undefined;
  description?: string | undefined;
  category?: string | undefined;
  argument_hint?: string | undefined;
  allowed_tools?: string[] | undefined;
  model?: string | undefined;
};

const NOTHING = { description: null, category: null, argument_hint: null, allowed_tools: [], model: null, body: "" };

export function readCommand(name: string, { markdown, ...fields }: CommandFields, before: Command | null): Command {
  const read = markdown === undefined ? null : readMarkdown(name, markdown, before);
  const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  const parsed = commandSchema.safeParse({ ...(read ?? before ?? NOTHING), ...given });
  if (!parsed.success) throw wrong(explain(parsed.error));
  return parsed.data;
}

/** A category that front matter does not name stays: Claude Code knows none, so files seldom do. */
function readMarkdown(name: string, markdown: string, before: Command | null): Record<string, unknown> {
  const { fields, body } = readFrontMatter(markdown, "The command");
  const unknown = Object.keys(fields).find((key) => !KNOWN.includes(key));
  if (unknown !== undefined) {
    throw wrong(
      `The command's front matter has a field ${JSON.stringify(unknown.slice(0, 50))}. Fields: ${KNOWN.join(", ")}.`,
    );
  }
  const line = (key: string) => readLine(fields, key, "The command");
  const own = line("name");
  if (own !== null && own !== name)
    throw wrong(`The command's front matter names it ${JSON.stringify(own.slice(0, 100))}, not ${name}.`);
  return {
    description: line("description"),
    category: line("category") ?? before?.category ?? null,
    argument_hint: line("argument-hint"),
    allowed_tools: readTools(fields["allowed-tools"], "The command"),
    model: line("model"),
    body: body.trim() === "" ? "" : body,
  };
}

function explain(error: z.ZodError): string {
  const [issue] = error.issues;
  const place = issue?.path.map(String).join(".") ?? "";
  if (place === "body") return "The command has no text, or more than 100,000 characters.";
  return `The command's ${place.replaceAll("_", "-") || "fields"}: ${issue?.message ?? "does not fit"}.`;
}
