// Which processes of a running stack are which, read from the process table: what the kill helpers of stack.ts aim at.
import { readFileSync } from "node:fs";
import { homePaths } from "../../local/home.ts";
import { listRoles, readPidFile, toTree } from "../../local/processes/pid-files.ts";
import { findTree } from "../../local/processes/process-tree.ts";

export type StackPids = {
  start: number | null;
  /** Everything of `wrangler dev`: its own processes and both workerd. */
  wrangler: number[];
  /** The workerd that listens on PORT and hands on. */
  proxyWorkerd: number | null;
  /** The workerd in which Berth's Worker and objects run. */
  userWorkerd: number | null;
  supervisor: number | null;
  /** Process mode: runner by workspace id. */
  runners: Record<string, number>;
  /** Process mode: the Claude Code processes of all runners. */
  clis: number[];
};

export function readStackPids(home: string, port: number): StackPids {
  const { run } = homePaths(home);
  const wrangler = treeOf(run, "wrangler");
  const workerds = wrangler.filter((pid) => (commandOf(pid)[0] ?? "").endsWith("/workerd"));
  const isProxy = (pid: number) => commandOf(pid).includes(`--socket-addr=entry=127.0.0.1:${port}`);
  const runnerRoles = listRoles(run).filter((role) => role.startsWith("runner-"));
  return {
    start: leaderOf(run, "start"),
    wrangler,
    proxyWorkerd: workerds.find(isProxy) ?? null,
    userWorkerd: workerds.find((pid) => !isProxy(pid)) ?? null,
    supervisor: leaderOf(run, "sandbox-supervisor"),
    runners: Object.fromEntries(
      runnerRoles.flatMap((role) => {
        const pid = leaderOf(run, role);
        return pid === null ? [] : [[role.slice("runner-".length), pid]];
      }),
    ),
    clis: runnerRoles.flatMap((role) => treeOf(run, role)).filter(isCli),
  };
}

/** Every process of the stack that still runs; empty after a clean stop. */
export function listStackProcesses(home: string): number[] {
  const { run } = homePaths(home);
  return listRoles(run).flatMap((role) => treeOf(run, role));
}

function leaderOf(run: string, role: string): number | null {
  const file = readPidFile(run, role);
  return file !== null && findTree(toTree(file)).includes(file.pid) ? file.pid : null;
}

function treeOf(run: string, role: string): number[] {
  const file = readPidFile(run, role);
  return file === null ? [] : findTree(toTree(file));
}

function isCli(pid: number): boolean {
  const [program = "", script = ""] = commandOf(pid);
  return /(?:^|\/)claude$/.test(program) || script.endsWith("claude-agent-sdk/cli.js");
}

export function commandOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return [];
  }
}
