// Which files a redirection opens. Writing to nothing, and to a stream that is open already, opens none.
import type { Redirect } from "unbash";
import { type Findings, knownText } from "./parsed-command.ts";
import { pathsOf } from "./path-shape.ts";
import { readWord } from "./read-word.ts";

const NO_FILE = new Set(["/dev/null", "/dev/stdin", "/dev/stdout", "/dev/stderr"]);

export function collectRedirect(node: Redirect, found: Findings): void {
  if (node.target === undefined) {
    found.doubts.push("a redirection of it names no file");
    return;
  }
  const word = readWord(node.target);
  const text = knownText(word);
  if (isDuplicate(node.operator, text) || (text !== null && NO_FILE.has(text))) return;
  if (text?.startsWith("/dev/tcp/") === true || text?.startsWith("/dev/udp/") === true) {
    found.doubts.push("a redirection of it opens a network connection");
  }
  const access = node.operator === "<" ? "read" : "write";
  found.files.push(...pathsOf(word).map((path) => ({ access, path, isSure: true }) as const));
}

/** `2>&1` and `>&-`. With another target `>&` writes a file. */
function isDuplicate(operator: Redirect["operator"], target: string | null): boolean {
  return (operator === ">&" || operator === "<&") && target !== null && /^(?:\d+-?|-)$/.test(target);
}
