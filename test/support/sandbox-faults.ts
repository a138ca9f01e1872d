// Faults of one stack's sandboxes, the same words for both modes: kill Claude Code, replace the sandbox by an empty one.
import { execFile } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { openHome } from "../../local/home.ts";
import { workerNameOf } from "../../local/wrangler.ts";
import type { Stack } from "./stack.ts";

const run = promisify(execFile);
const DOCKER = process.env["WRANGLER_DOCKER_BIN"] ?? "docker";

export type SandboxFaults = {
  killClis(): Promise<void>;
  /** SIGKILL to what runs there, and its disk is gone. */
  replaceSandboxes(): Promise<void>;
};

export function sandboxFaults(stack: Stack, sandbox: "process" | "container"): SandboxFaults {
  return sandbox === "process" ? processFaults(stack) : containerFaults(stack);
}

function processFaults(stack: Stack): SandboxFaults {
  return {
    killClis: async () => stack.killClis(),
    async replaceSandboxes() {
      const { runners, clis } = stack.pids();
      // The runners first: one that outlived its Claude Code for a moment would still tell of that death.
      for (const pid of [...Object.values(runners), ...clis]) process.kill(pid, "SIGKILL");
      for (const workspaceId of Object.keys(runners)) {
        rmSync(join(stack.home, "workspaces", workspaceId), { recursive: true, force: true });
      }
    },
  };
}

function containerFaults(stack: Stack): SandboxFaults {
  const list = async (): Promise<string[]> => {
    const prefix = `workerd-${workerNameOf(openHome(stack.home).home_id)}-`;
    const { stdout } = await run(DOCKER, ["ps", "--format", "{{.Names}}"]);
    return stdout.split("\n").filter((name) => name.startsWith(prefix) && !name.endsWith("-proxy"));
  };
  return {
    async killClis() {
      for (const name of await list()) {
        const { stdout } = await run(DOCKER, ["top", name, "-eo", "pid,args"]);
        const clis = stdout.split("\n").filter((line) => /\/claude( |$)/.test(line));
        for (const line of clis) process.kill(Number.parseInt(line, 10), "SIGKILL");
      }
    },
    async replaceSandboxes() {
      for (const name of await list()) await run(DOCKER, ["rm", "--force", "--volumes", name]);
    },
  };
}
