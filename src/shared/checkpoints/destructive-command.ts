// Which shell commands may take something away. What is not understood counts as destructive: a checkpoint costs little.

/** Programs that remove or overwrite by their nature. */
const DESTRUCTIVE = new Set(["rm", "rmdir", "mv", "dd", "truncate", "shred", "unlink", "mkfs", "rsync", "install"]);
/** Run something else, named by their arguments: what follows is looked at as a command of its own. */
const WRAPPERS = new Set([
  "sudo",
  "env",
  "nice",
  "nohup",
  "time",
  "command",
  "exec",
  "timeout",
  "stdbuf",
  "then",
  "do",
  "else",
]);
/** Take code or commands from an argument or a pipe. */
const INTERPRETERS = /^(?:(?:ba|z|da|k)?sh|eval|source|xargs|parallel|python[\d.]*|node|perl|ruby|php)$/;
const PACKAGE_MANAGERS = new Set([
  "npm",
  "pnpm",
  "yarn",
  "pip",
  "pip3",
  "cargo",
  "apt",
  "apt-get",
  "brew",
  "gem",
  "bun",
  "composer",
]);
const REMOVING = /^(?:un|uninstall|remove|rm|purge|autoremove|prune|clean|r|unlink)$/;
const GIT_DESTRUCTIVE = new Set(["clean", "restore", "rebase", "rm", "mv", "filter-branch", "gc", "stash", "switch"]);

/** One command of the line after the other; substitutions are opened, so that what runs in them is seen. */
export function isDestructiveCommand(line: string): boolean {
  if (hasRedirection(line)) return true;
  const opened = line.replace(/\$\(|[`(){}]/g, "\n");
  return opened.split(/\n|;|\|\|?|&&?/).some((part) => isDestructivePart(part.trim()));
}

/** `>` may overwrite; `>>` only appends, `>&2` and /dev/null hold nothing. */
function hasRedirection(line: string): boolean {
  const harmless = line.replace(/>>|\d*>&[\d-]|&?\d*>\s*\/dev\/null|=>|->|>=/g, " ");
  return harmless.includes(">");
}

function isDestructivePart(part: string): boolean {
  const words = part.split(/\s+/).filter((word) => word !== "");
  while (words[0] !== undefined && (isAssignment(words[0]) || WRAPPERS.has(words[0]) || isOptionOfWrapper(words[0])))
    words.shift();
  const [program, ...rest] = words;
  if (program === undefined) return false;
  const name = unquote(program).split("/").at(-1) ?? "";
  if (name.includes("$") || name.includes("\\")) return true;
  if (DESTRUCTIVE.has(name) || takesCode(name, rest)) return true;
  return isDestructiveCall(name, rest);
}

/** Programs that take something away only with certain arguments. */
function isDestructiveCall(name: string, rest: readonly string[]): boolean {
  if (name === "git") return isDestructiveGit(rest);
  if (name === "find") return rest.some((word) => /^-(?:delete|exec|execdir|ok|okdir|fprint\w*)$/.test(word));
  if (name === "sed" || name === "perl") return rest.some((word) => /^(?:-[a-zA-Z]*i|--in-place)/.test(word));
  if (name === "cp" || name === "tee" || name === "ln") return name !== "tee" || !rest.includes("-a");
  return PACKAGE_MANAGERS.has(name) && rest.some((word) => REMOVING.test(word));
}

/** A script that is a file of the project may do anything, but so may any program: only code in the line is looked at. */
function takesCode(name: string, rest: readonly string[]): boolean {
  if (!INTERPRETERS.test(name)) return false;
  if (/^(?:eval|source|xargs|parallel)$/.test(name)) return true;
  return rest.length === 0 || rest.some((word) => /^-[a-zA-Z]*[ce]/.test(word) || word === "-" || word === "--eval");
}

function isDestructiveGit(rest: readonly string[]): boolean {
  let index = 0;
  while (rest[index]?.startsWith("-") === true) index += /^-[cC]$/.test(rest[index] ?? "") ? 2 : 1;
  const [command, ...options] = rest.slice(index);
  if (command === undefined) return false;
  if (command === "reset") return options.some((word) => /^--(?:hard|merge|keep)$/.test(word));
  if (command === "checkout")
    return options.some((word) => word === "--" || word === "." || /^(?:-f|--force)$/.test(word));
  if (command === "push") return options.some((word) => /^(?:-f|--force|--delete|-d|\+|--mirror)/.test(word));
  if (command === "branch" || command === "tag") return options.some((word) => /^(?:-[dD]|--delete)/.test(word));
  return GIT_DESTRUCTIVE.has(command);
}

const isAssignment = (word: string): boolean => /^\w+=/.test(word);
const isOptionOfWrapper = (word: string): boolean => /^-|^\d+[smh]?$/.test(word);
const unquote = (word: string): string => word.replace(/["']/g, "");
