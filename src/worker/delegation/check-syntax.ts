// Whether a file's text parses, in the languages that can be told here.
import { parse as parseScript, type ParserPlugin } from "@babel/parser";
import { parse as parseShell } from "unbash";
import { parseAllDocuments } from "yaml";

/** Larger ones are not looked at. */
export const MAX_SYNTAX_BYTES = 512 * 1024;

/** What is wrong, in our words with the place; null for nothing, undefined for a language that is not known here. */
export function checkSyntax(path: string, text: string): string | null | undefined {
  const extension = /\.([a-z0-9]+)$/i.exec(path)?.[1]?.toLowerCase() ?? "";
  const check = CHECKS.get(extension);
  return check === undefined ? undefined : check(text.replace(/^\uFEFF/, ""));
}

type Check = (text: string) => string | null;

const DECORATORS: ParserPlugin[] = ["decorators", "decoratorAutoAccessors"];

const CHECKS = new Map<string, Check>([
  ...all(["js", "mjs", "cjs", "jsx"], script(["jsx", ...DECORATORS])),
  ...all(["ts", "mts", "cts"], script(["typescript", ...DECORATORS])),
  ["tsx", script(["typescript", "jsx", ...DECORATORS])],
  ["json", checkJson],
  ...all(["yaml", "yml"], checkYaml),
  ...all(["sh", "bash"], checkShell),
]);

function all(extensions: readonly string[], check: Check): [string, Check][] {
  return extensions.map((extension) => [extension, check]);
}

function script(plugins: ParserPlugin[]): Check {
  return (text) => {
    try {
      parseScript(text, { sourceType: "unambiguous", allowReturnOutsideFunction: true, plugins });
      return null;
    } catch (error) {
      const { loc } = error as { loc?: { line: number } };
      return loc === undefined ? "does not parse" : `does not parse at line ${loc.line}`;
    }
  };
}

function checkJson(text: string): string | null {
  try {
    JSON.parse(text);
    return null;
  } catch {
    return "is no valid JSON";
  }
}

function checkYaml(text: string): string | null {
  const documents = parseAllDocuments(text, { logLevel: "silent" });
  const errors = Array.isArray(documents) ? documents.flatMap((document) => document.errors) : [];
  const [error] = errors;
  if (error === undefined) return null;
  const line = error.linePos?.[0].line;
  return line === undefined ? "is no valid YAML" : `is no valid YAML at line ${line}`;
}

function checkShell(text: string): string | null {
  return (parseShell(text).errors ?? []).length > 0 ? "does not parse as a shell script" : null;
}
