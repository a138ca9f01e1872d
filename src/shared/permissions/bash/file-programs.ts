// Everyday programs whose arguments are files. Best effort, for rules that forbid or ask alone: `cat .env` reads .env.
import { type FileAccess, isKnown, programName, type SimpleCommand } from "./parsed-command.ts";

const READERS = new Set(
  "cat tac nl head tail less more bat grep egrep fgrep rg sed awk cut sort uniq wc xxd od hexdump strings base64 diff cmp jq cp scp tar zip source .".split(
    " ",
  ),
);
const WRITERS = new Set("tee rm rmdir unlink shred mv cp ln touch truncate chmod chown sed dd install".split(" "));

/** The files that the command names, as far as they can be told. Some of them may be a pattern or a number instead. */
export function listNamedFiles(command: SimpleCommand): FileAccess[] {
  const name = programName(command);
  const paths = command.words
    .slice(1)
    .filter(isKnown)
    .map((word) => ({ ...word, shape: word.shape.replace(/^(?:if|of)=/, "") }))
    .filter((word) => word.shape !== "" && !word.shape.startsWith("-"));
  return [
    ...(READERS.has(name) ? paths.map((path): FileAccess => ({ access: "read", path })) : []),
    ...(WRITERS.has(name) ? paths.map((path): FileAccess => ({ access: "write", path })) : []),
  ];
}
