// Options by which a program that only reads by its name runs another one, or writes: `find -delete`, `git -c`, `sort -o`.
// The list cannot be complete. A program that is trusted with every argument needs an auto rule without arguments: `Bash`.
import { type CommandWord, HOLE, knownText } from "./parsed-command.ts";

type OptionHazards = {
  /** Exact words. */
  words?: RegExp;
  /** Letters of short options, alone or in a cluster. */
  short?: string;
  /** Long options; an unambiguous beginning means the same to most programs. */
  long?: readonly string[];
};

const HAZARDS: ReadonlyMap<string, OptionHazards> = new Map([
  ["find", { words: /^-(?:delete|fprint|fprint0|fprintf|fls)$/ }],
  ["fd", { short: "xX", long: ["--exec", "--exec-batch"] }],
  ["fdfind", { short: "xX", long: ["--exec", "--exec-batch"] }],
  [
    "tar",
    {
      short: "IF",
      long: [
        "--to-command",
        "--checkpoint-action",
        "--use-compress-program",
        "--rsh-command",
        "--info-script",
        "--new-volume-script",
      ],
    },
  ],
  ["sort", { short: "o", long: ["--output", "--compress-program"] }],
  ["rg", { long: ["--pre", "--hostname-bin"] }],
  ["rsync", { short: "e", long: ["--rsh", "--rsync-path"] }],
  ["man", { short: "PH", long: ["--pager", "--html"] }],
  [
    "curl",
    {
      short: "oOKT",
      long: ["--output", "--output-dir", "--remote-name", "--remote-name-all", "--config", "--upload-file"],
    },
  ],
  ["split", { long: ["--filter"] }],
  ["zip", { short: "T", long: ["--unzip-command"] }],
  ["tree", { short: "o" }],
  ["go", { words: /^-(?:exec|toolexec|vettool|overlay)\b/ }],
  ["date", { short: "s", long: ["--set"] }],
  ["sed", { short: "ief", long: ["--in-place", "--expression", "--file"] }],
  ["awk", { words: /system|getline|[|>@]/, short: "fiElv", long: ["--file", "--include", "--exec", "--load"] }],
]);

const GIT: OptionHazards = {
  words: /^(?:-O|config|filter-branch|difftool|mergetool|bisect|submodule|rebase|daemon|shell|web--browse)$/,
  long: ["--output", "--ext-diff", "--textconv", "--open-files-in-pager", "--upload-pack", "--receive-pack", "--exec"],
};
/** Before the subcommand. */
const GIT_GLOBAL: OptionHazards = { short: "c", long: ["--config-env", "--exec-path"] };
const GIT_VALUED = new Set(["-C", "--git-dir", "--work-tree", "--namespace", "--super-prefix"]);
/** Their `-m` takes a value, which is no option whatever it becomes. */
const TAKES_MESSAGE = new Set(["commit", "tag", "stash", "merge", "notes"]);
const MAX_SED_SCRIPT = 200;
const SED_SCRIPT = /^(?:\d+(?:,(?:\d+|\$))?[pdq]|s([/|#,])[^\\]*\1[^\\]*\1[gpI\d]*)$/;

/** Why the command may do more than its name says; null when nothing of that kind is seen. */
export function judgeOptions(name: string, words: readonly CommandWord[]): string | null {
  const args = words.slice(1);
  const isHazardous = name === "git" ? isHazardousGit(args) : isHazardousProgram(name, args);
  return isHazardous ? `${name} is used with an argument that can make it run or write something else` : null;
}

function isHazardousProgram(name: string, args: readonly CommandWord[]): boolean {
  const key = name === "gawk" || name === "mawk" ? "awk" : name;
  const hazards = HAZARDS.get(key);
  if (hazards === undefined) return false;
  return args.some((word) => isHazardousWord(word, hazards)) || (key === "sed" && !isPlainSed(args));
}

function isHazardousGit(args: readonly CommandWord[]): boolean {
  let at = 0;
  while (at < args.length && (args[at]?.shape.startsWith("-") === true || args[at]?.shape.startsWith(HOLE) === true)) {
    if (isHazardousWord(args[at] as CommandWord, GIT_GLOBAL)) return true;
    at += GIT_VALUED.has(args[at]?.shape ?? "") ? 2 : 1;
  }
  const isMessage = (index: number): boolean =>
    TAKES_MESSAGE.has(args[at]?.shape ?? "") &&
    /^(?:-[a-z]?m|--message)$/.test(args[index - 1]?.shape ?? "") &&
    args[index]?.splits === false;
  return args.some((word, index) => index >= at && !isMessage(index) && isHazardousWord(word, GIT));
}

/** A word whose beginning is not known, or an option that is not known whole, may be any option. */
function isHazardousWord({ shape }: CommandWord, hazards: OptionHazards): boolean {
  if (shape.startsWith(HOLE) || (shape.startsWith("-") && shape.includes(HOLE))) return true;
  if (hazards.words?.test(shape) === true) return true;
  if (shape.startsWith("--")) return isBeginningOf(shape, hazards.long ?? []);
  return (
    shape.startsWith("-") &&
    shape
      .slice(1)
      .split("")
      .some((letter) => hazards.short?.includes(letter) === true)
  );
}

function isBeginningOf(word: string, options: readonly string[]): boolean {
  const [name = ""] = word.split("=");
  return name.length > 2 && options.some((option) => option.startsWith(name));
}

/** A sed script can write files and run commands: only the plainest ones are taken for harmless. */
function isPlainSed(args: readonly CommandWord[]): boolean {
  const script = args.find((word) => !word.shape.startsWith("-"));
  const text = knownText(script) ?? "";
  return text.length <= MAX_SED_SCRIPT && SED_SCRIPT.test(text);
}
