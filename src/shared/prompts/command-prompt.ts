// A saved slash command as a prompt: its text with the arguments in their places, as Claude Code puts them.
import { readBody } from "../commands/command-body.ts";

const PLACE = /\$ARGUMENTS\[(\d{1,3})\]|\$ARGUMENTS|\$(\d)(?!\d)/g;

/** `$ARGUMENTS` is all of them, `$0` and `$ARGUMENTS[0]` the first. Where the text has no place, they are added at its end. */
export function fillCommand(body: string, args: string): string {
  const given = args.trim();
  if (!readBody(body).takesArguments) return given === "" ? body : `${body.trimEnd()}\n\nARGUMENTS: ${given}`;
  const words = splitWords(given);
  return body.replaceAll(PLACE, (_place, inBrackets: string | undefined, short: string | undefined) => {
    const index = inBrackets ?? short;
    return index === undefined ? given : (words[Number(index)] ?? "");
  });
}

/** What stands in quotes is one word. */
function splitWords(text: string): string[] {
  return [...text.matchAll(/"([^"]*)"|'([^']*)'|\S+/g)].map(([word, double, single]) => double ?? single ?? word);
}
