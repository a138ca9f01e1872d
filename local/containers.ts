// What the local stack asks of Docker: does it answer, where is its bridge, which containers are this BERTH_HOME's.
import { execFile } from "node:child_process";
import { isIPv4 } from "node:net";
import { promisify } from "node:util";

const run = promisify(execFile);
const INFO_TIMEOUT_MS = 10_000;
const COMMAND_TIMEOUT_MS = 60_000;

export type Docker = {
  answers(): Promise<boolean>;
  /** The bridge's address on this machine; null when there is none to be seen. */
  bridgeAddress(): Promise<string | null>;
  /** Names of the sandboxes and their sidecars, running or not. */
  listSandboxes(workerName: string): Promise<string[]>;
  removeSandboxes(workerName: string): Promise<string[]>;
};

export function createDocker(command: string): Docker {
  const docker = async (args: string[], timeout = COMMAND_TIMEOUT_MS) =>
    (await run(command, args, { timeout, maxBuffer: 16 * 1024 * 1024 })).stdout;

  async function listSandboxes(workerName: string): Promise<string[]> {
    const output = await docker(["ps", "--all", "--format", "{{.Names}}", "--filter", `name=workerd-${workerName}-`]);
    return selectSandboxes(output, workerName);
  }

  return {
    answers: () => docker(["info", "--format", "{{.ID}}"], INFO_TIMEOUT_MS).then(Boolean, () => false),
    bridgeAddress: async () => {
      const output = await docker(["network", "inspect", "bridge", "--format", "{{json .IPAM.Config}}"]).catch(
        () => "",
      );
      return parseBridge(output);
    },
    listSandboxes,
    removeSandboxes: async (workerName) => {
      const names = await listSandboxes(workerName);
      if (names.length > 0) await docker(["rm", "--force", "--volumes", ...names]);
      return names;
    },
  };
}

/** Docker's own name filter matches anywhere in the name. */
export function selectSandboxes(output: string, workerName: string): string[] {
  return output.split("\n").filter((name) => name.startsWith(`workerd-${workerName}-`));
}

export function parseBridge(output: string): string | null {
  try {
    const configs = JSON.parse(output) as { Gateway?: string }[];
    return configs.map((config) => config.Gateway ?? "").find((gateway) => isIPv4(gateway)) ?? null;
  } catch {
    return null;
  }
}
