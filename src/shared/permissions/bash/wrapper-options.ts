// Reads a wrapper's own options by its table. An option that the table does not name makes the whole not understood.
import { type CommandWord, isKnown, knownText } from "./parsed-command.ts";
import type { WrapperSpec } from "./wrapper-table.ts";

export type WrapperReading =
  | { ok: true; rest: readonly CommandWord[]; options: string; assigned: string[] }
  | { ok: false };

const NOT_READ: WrapperReading = { ok: false };

/** What stands behind the wrapper and its own arguments; empty when it names no command. */
export function readWrapper(words: readonly CommandWord[], spec: WrapperSpec): WrapperReading {
  let at = 1;
  let options = "";
  for (; at < words.length; at += 1) {
    const option = knownText(words[at]);
    if (option === null || !option.startsWith("-")) break;
    if (option === "--") {
      at += 1;
      break;
    }
    const taken = readOption(option, spec);
    if (taken === null) return NOT_READ;
    options += option.startsWith("--") ? "" : option.slice(1);
    at += taken;
    // A value that splits would move every word behind it.
    if (words[at]?.splits !== false) return NOT_READ;
  }
  return readRest(words.slice(at), spec, options);
}

/** How many further words the option takes; null when the table does not know it. */
function readOption(option: string, spec: WrapperSpec): number | null {
  if (option.startsWith("--")) return readLong(option.slice(2), spec);
  if (spec.takesNumber && /^-\d+$/.test(option)) return 0;
  const letters = option.slice(1);
  for (const [index, letter] of letters.split("").entries()) {
    if (spec.valued.includes(letter)) return index === letters.length - 1 ? 1 : 0;
    if (!spec.flags.includes(letter)) return null;
  }
  return letters === "" ? null : 0;
}

function readLong(option: string, spec: WrapperSpec): number | null {
  const [name = ""] = option.split("=");
  if (spec.long.includes(name)) return option.includes("=") ? null : 0;
  if (spec.long.includes(`${name}=`)) return option.includes("=") ? 0 : 1;
  return null;
}

function readRest(words: readonly CommandWord[], spec: WrapperSpec, options: string): WrapperReading {
  const own = words.slice(0, spec.positionals);
  if (!own.every(isKnown)) return NOT_READ;
  const assigned: string[] = [];
  let rest = words.slice(spec.positionals);
  while (spec.takesAssignments && rest[0] !== undefined) {
    const name = /^(\w+)\+?=/.exec(rest[0].shape)?.[1];
    if (name === undefined || rest[0].splits) break;
    assigned.push(name);
    rest = rest.slice(1);
  }
  return { ok: true, rest, options, assigned };
}
