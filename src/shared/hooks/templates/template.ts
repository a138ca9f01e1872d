// What a hook template is: hooks with blanks, and how a blank's value gets into a shell command without becoming one.
import { z } from "zod";
import type { HookEventName } from "../hook-events.ts";
import { type HooksReading, readHooks } from "../short-form.ts";

/** `command`: a shell command, put in as it is and looked at like any other. All else is put in as plain text. */
export const PARAMETER_KINDS = ["command", "extensions", "globs", "path", "text", "url", "rules"] as const;

export type TemplateParameter = {
  name: string;
  kind: (typeof PARAMETER_KINDS)[number];
  description: string;
  /** Null where it has to be given. */
  default: string | null;
};

/** In `hooks` every `{{name}}` stands for a parameter's value; `perRule` repeats the hook for each rule of that parameter. */
export type HookTemplate = {
  id: string;
  title: string;
  description: string;
  category: "quality" | "safety" | "notification" | "audit" | "git" | "context";
  event: HookEventName;
  matcher?: string;
  parameters: readonly TemplateParameter[];
  hook: { command: string; timeout?: number; onFailure?: "block" } | { url: string; timeout?: number };
  perRule?: string;
};

const MAX_VALUE_CHARS = 2_000;
const MAX_ITEMS = 30;

export const templateValuesSchema = z.record(z.string().max(50), z.string().max(MAX_VALUE_CHARS));
export type TemplateValues = z.infer<typeof templateValuesSchema>;

export function fillTemplate(template: HookTemplate, values: TemplateValues): HooksReading {
  const unknown = Object.keys(values).find((name) => !template.parameters.some((one) => one.name === name));
  if (unknown !== undefined) return refuse(`${template.id} has no parameter ${JSON.stringify(unknown)}.`);
  const missing = template.parameters.find(({ name, default: otherwise }) => (values[name] ?? otherwise) === null);
  if (missing !== undefined)
    return refuse(`${template.id} needs the parameter ${missing.name}: ${missing.description}`);
  const texts = new Map<string, string>();
  for (const parameter of template.parameters) {
    const written = write(parameter, values[parameter.name] ?? parameter.default ?? "");
    if (!written.ok) return refuse(`${template.id}, ${parameter.name}: ${written.reason}`);
    texts.set(parameter.name, written.text);
  }
  return readHooks({
    [template.event]: [{ matcher: template.matcher, hooks: listHooks(template, texts, values) }].map(withoutUndefined),
  });
}

function listHooks(template: HookTemplate, texts: Map<string, string>, values: TemplateValues): object[] {
  const { hook, perRule } = template;
  if ("url" in hook) return [{ type: "http", ...hook, url: fill(hook.url, texts) }];
  if (perRule === undefined) return [{ type: "command", ...hook, command: fill(hook.command, texts) }];
  return listItems(values[perRule] ?? "").map((rule) => {
    const command = fill(hook.command, new Map([...texts, ["rule", quote(rule)]]));
    return { type: "command", ...hook, command, if: rule };
  });
}

type Written = { ok: true; text: string } | { ok: false; reason: string };

function write({ kind }: TemplateParameter, value: string): Written {
  if (/\p{Cc}/u.test(value)) return { ok: false, reason: "it may not hold line breaks" };
  if (value.trim() === "") return { ok: false, reason: "it is empty" };
  switch (kind) {
    case "command":
    case "url":
      return { ok: true, text: value.trim() };
    case "text":
    case "path":
    case "rules":
      return { ok: true, text: quote(value.trim()) };
    case "extensions":
      return writePatterns(value, /^\.?[A-Za-z0-9]{1,10}$/, (extension) => `*.${extension.replace(/^\./, "")}`);
    case "globs":
      // The paths that a hook is given are absolute.
      return writePatterns(value, /^[\w.*@+-]+(?:\/[\w.*@+-]+)*\/?$/, (glob) => `*/${glob.replace(/\/$/, "/*")}`);
  }
}

function writePatterns(value: string, valid: RegExp, toPattern: (item: string) => string): Written {
  const items = listItems(value);
  const wrong = items.find((item) => !valid.test(item));
  if (wrong !== undefined) return { ok: false, reason: `${JSON.stringify(wrong)} is not understood` };
  if (items.length > MAX_ITEMS) return { ok: false, reason: `it has more than ${MAX_ITEMS} items` };
  return { ok: true, text: items.map(toPattern).join("|") };
}

/** Items stand between commas; rules hold spaces. */
function listItems(value: string): string[] {
  return value
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "")
    .slice(0, MAX_ITEMS + 1);
}

function fill(text: string, texts: Map<string, string>): string {
  return text.replace(/\{\{(\w+)\}\}/g, (blank, name: string) => texts.get(name) ?? blank);
}

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function withoutUndefined(group: { matcher: string | undefined; hooks: object[] }): object {
  return group.matcher === undefined ? { hooks: group.hooks } : group;
}

function refuse(reason: string): HooksReading {
  return { ok: false, reason };
}
