// Programs, and ways of calling them, that no hook has to use.
import { HOLE, programName, type SimpleCommand } from "../permissions/bash/parsed-command.ts";

const ANOTHER_CLAUDE = "it starts another Claude Code, which nobody watches";

const REFUSED = new Map<string, string>([
  ...["sudo", "su", "doas", "pkexec", "runuser"].map((name) => [name, "it wants the rights of another user"] as const),
  ...["shutdown", "reboot", "halt", "poweroff", "init"].map((name) => [name, "it stops the machine"] as const),
  ...["fdisk", "parted", "wipefs", "mount", "umount", "losetup"].map((name) => [name, "it changes disks"] as const),
  ...["crontab", "at", "systemctl", "service"].map(
    (name) => [name, "it sets up work that outlives the session"] as const,
  ),
  ...["ptrace", "gdb", "strace"].map((name) => [name, "it looks into other programs"] as const),
  ["claude", ANOTHER_CLAUDE],
]);
/** A folder that takes everything with it. */
const WHOLE =
  /^(?:|~|\.|\.\.|\*|\/(?:bin|boot|dev|etc|home|home\/[^/]+|lib|lib64|opt|proc|project|root|run|sbin|srv|sys|usr|var|workspace))(?:\/\*?)?$/;

type Judge = (args: readonly string[], name: string) => string[];

const BY_ARGUMENTS = new Map<string, Judge>([
  ...["rm", "shred", "find"].map((name): [string, Judge] => [name, judgeRemoval]),
  ...["chmod", "chown", "chgrp"].map((name): [string, Judge] => [name, judgeRights]),
  ...["kill", "pkill", "killall"].map((name): [string, Judge] => [name, judgeKill]),
  ...["nc", "ncat", "netcat", "socat"].map((name): [string, Judge] => [
    name,
    () => ["it opens a network connection of its own"],
  ]),
  ...["npx", "bunx", "pnpx"].map((name): [string, Judge] => [name, judgePackage]),
  ["dd", (args) => (args.some((arg) => /^of=\/dev\/(?!null|zero|stdout)/.test(arg)) ? ["it changes disks"] : [])],
]);

/** Why the call is refused; empty when it is not. */
export function judgeProgram(command: SimpleCommand): string[] {
  const name = programName(command);
  const args = command.words.slice(1).map((word) => word.shape);
  const reason = REFUSED.get(name) ?? (name.startsWith("mkfs") ? "it changes disks" : null);
  return [...(reason === null ? [] : [reason]), ...(BY_ARGUMENTS.get(name)?.(args, name) ?? [])];
}

function judgePackage(args: readonly string[]): string[] {
  return args.some((arg) => arg.startsWith("@anthropic-ai/claude-code")) ? [ANOTHER_CLAUDE] : [];
}

function judgeRemoval(args: readonly string[], name: string): string[] {
  const isRecursive =
    name === "find" ? args.includes("-delete") : args.some((arg) => /^-[a-zA-Z]*[rR]|^--recursive$/.test(arg));
  const paths = args.filter((arg) => !arg.startsWith("-")).map((path) => path.replaceAll(HOLE, "*"));
  const targets = name === "find" ? paths.slice(0, 1) : paths;
  if (!isRecursive) return [];
  if (targets.some((path) => WHOLE.test(path))) return ["it removes everything below a folder that must stay"];
  // `rm -rf "$DIR"/build` with an empty DIR, and whatever a variable holds.
  return targets.some((path) => path.startsWith("*")) ? ["it removes folders that are known only when it runs"] : [];
}

function judgeRights(args: readonly string[]): string[] {
  const isRecursive = args.some((arg) => /^-[a-zA-Z]*R|^--recursive$/.test(arg));
  return isRecursive && args.some((arg) => WHOLE.test(arg)) ? ["it changes the rights of a whole disk or home"] : [];
}

function judgeKill(args: readonly string[]): string[] {
  const isEverything = args.includes("-1") && args.length > 1;
  const isOurs = args.some((arg) => /claude|berth|node\b/.test(arg));
  return isEverything || isOurs ? ["it ends programs that are not its own"] : [];
}
