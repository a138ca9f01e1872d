// Programs that start another command named in their arguments, and how their own options are read.

export type WrapperSpec = {
  /** Short options without a value. */
  flags: string;
  /** Short options with a value. */
  valued: string;
  /** Long options, a trailing `=` where a value belongs to them. */
  long: readonly string[];
  /** Arguments of its own before the command. */
  positionals: number;
  /** Takes `NAME=value` before the command. */
  takesAssignments: boolean;
  /** `-5` is an option. */
  takesNumber: boolean;
  /** An auto rule has to name the wrapper too, since it adds a power of its own. */
  needsRule: boolean;
};

const PLAIN: WrapperSpec = {
  flags: "",
  valued: "",
  long: [],
  positionals: 0,
  takesAssignments: false,
  takesNumber: false,
  needsRule: false,
};

export const WRAPPERS: ReadonlyMap<string, WrapperSpec> = new Map([
  [
    "timeout",
    {
      ...PLAIN,
      flags: "v",
      valued: "ks",
      positionals: 1,
      long: ["foreground", "preserve-status", "verbose", "kill-after=", "signal="],
    },
  ],
  ["nice", { ...PLAIN, valued: "n", takesNumber: true, long: ["adjustment="] }],
  ["nohup", PLAIN],
  ["stdbuf", { ...PLAIN, valued: "ioe", long: ["input=", "output=", "error="] }],
  ["time", { ...PLAIN, flags: "pv", long: ["portability", "verbose"] }],
  [
    "env",
    {
      ...PLAIN,
      flags: "iv0",
      valued: "u",
      takesAssignments: true,
      long: ["ignore-environment", "unset=", "null", "debug"],
    },
  ],
  ["command", { ...PLAIN, flags: "p" }],
  ["builtin", PLAIN],
  ["exec", { ...PLAIN, flags: "cl", valued: "a" }],
  ["setsid", { ...PLAIN, flags: "cfw", long: ["ctty", "fork", "wait"], needsRule: true }],
  ["ionice", { ...PLAIN, flags: "t", valued: "cn", long: ["ignore", "class=", "classdata="], needsRule: true }],
  [
    "sudo",
    {
      ...PLAIN,
      flags: "nEHSkbAP",
      valued: "ughpCTrt",
      takesAssignments: true,
      long: ["non-interactive", "preserve-env", "set-home", "user=", "group="],
      needsRule: true,
    },
  ],
  ["doas", { ...PLAIN, flags: "n", valued: "u", needsRule: true }],
  ["busybox", { ...PLAIN, needsRule: true }],
  ["toybox", { ...PLAIN, needsRule: true }],
]);

/** What `xargs` is told about its input; it appends what it reads to the command. */
export const XARGS: WrapperSpec = {
  ...PLAIN,
  flags: "0rtx",
  valued: "nPLsdEaI",
  long: ["null", "no-run-if-empty", "verbose", "exit", "max-args=", "max-procs=", "delimiter="],
};

/** Shells whose `-c` text is read as a command. Others have a syntax of their own. */
export const SHELLS: ReadonlySet<string> = new Set(["bash", "sh", "dash", "ash"]);
export const SHELL_OPTIONS: WrapperSpec = {
  ...PLAIN,
  flags: "ceuxvfn",
  valued: "o",
  long: ["noprofile", "norc", "posix"],
};

/** Start commands too, in ways that are not read here. */
export const OPAQUE: ReadonlySet<string> = new Set(
  (
    "zsh ksh mksh fish csh tcsh rbash rsh su runuser pkexec chroot unshare nsenter setpriv capsh systemd-run ssh mosh " +
    "parallel watch flock entr script screen tmux at batch crontab expect unbuffer rlwrap strace ltrace gdb perf valgrind " +
    "taskset chrt prlimit cpulimit numactl fakeroot proot bwrap firejail start-stop-daemon run-parts dbus-run-session " +
    "vi vim nvim view ex ed emacs nano"
  ).split(" "),
);
