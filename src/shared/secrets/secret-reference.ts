// References to secrets: `${secret:NAME}` stands in a server's header or URL where the value belongs.
import { z } from "zod";

export const secretNameSchema = z
  .string()
  .regex(/^[A-Z][A-Z0-9_]{0,63}$/, "must be capital letters, digits and underscores, beginning with a letter");

const REFERENCE = /\$\{secret:([A-Z][A-Z0-9_]{0,63})\}/g;
/** Anything else that begins like one would be sent as it stands. */
const BROKEN = /\$\{(?!secret:[A-Z][A-Z0-9_]{0,63}\})/;

export function makeReference(name: string): string {
  return `\${secret:${name}}`;
}

/** The names that a text refers to, each once. */
export function findReferences(text: string): string[] {
  return [...new Set([...text.matchAll(REFERENCE)].map((match) => match[1] ?? ""))];
}

export function hasBrokenReference(text: string): boolean {
  return BROKEN.test(text);
}

/** The text with every reference replaced; `read` answers null for a secret that is not there. */
export function replaceReferences(text: string, read: (name: string) => string): string {
  return text.replace(REFERENCE, (_, name: string) => read(name));
}
