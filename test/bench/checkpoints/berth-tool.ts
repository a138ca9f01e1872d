// Berth's checkpoints as the same kind of tool: through the MCP tools of a whole local stack, up to the row in D1.
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { homePaths } from "../../../local/home.ts";
import { connect, prompt, start, waitForEnd } from "../../journeys/person.ts";
import { peakMemoryMb } from "../../support/peak-memory.ts";
import { callTool, say } from "../../support/scripted-model/scenario.ts";
import { type Stack, startStack } from "../../support/stack.ts";
import { VERSION } from "../../../src/worker/version.ts";
import { type BackupTool, sizeOf, type ToolKind } from "./tool.ts";

type Client = Awaited<ReturnType<typeof connect>>;
type Answer = Record<string, unknown>;

const ENGINE = "checkpoints/engine/main.ts";

let projects = 0;

export const berth: ToolKind = {
  name: "berth",
  version: () => VERSION,
  async create() {
    const stack = await startStack();
    const client = await connect(stack);
    const project = `bench-${++projects}`;
    await client.callToolOrThrow("create_project", { name: project });
    await work(client, project);
    const folder = workspaceFolder(stack);
    let newest = "";
    return {
      name: "berth",
      folder,
      async save() {
        const answer = await finish(client, "create_checkpoint", { project, message: "benchmark" });
        newest = String((answer["checkpoint"] as Answer)["checkpoint_id"]);
      },
      async restore() {
        const wanted = { project, checkpoint_id: newest, create_backup: false };
        await finish(client, "restore_checkpoint", wanted);
      },
      forget: () => rmSync(keptPacks(stack), { recursive: true }),
      storedBytes: async () => storedBytes(stack),
      peakMemory: () => peakMemory(stack),
      async stop() {
        await client.close();
        await stack.stop();
      },
    } satisfies BackupTool;
  },
};

/** A checkpoint is taken of work: a turn has started the sandbox, and its first tool call the engine. It leaves no file. */
async function work(client: Client, project: string): Promise<void> {
  const steps = [[callTool("Bash", { command: "true", description: "work" })], [say("done")]];
  const wish = { project, permission_mode: "bypassPermissions", prompt: prompt("Work.", { steps }) };
  const { turn } = await waitForEnd(client, await start(client, wish));
  if (turn?.status !== "completed") throw new Error(`The turn before the benchmark ended as ${turn?.status}.`);
}

async function finish(client: Client, tool: string, args: Answer): Promise<Answer> {
  let answer = await client.callToolOrThrow(tool, args);
  while (answer["status"] === "running" || answer["status"] === "queued") {
    answer = await client.callToolOrThrow(tool, { ...args, operation_id: answer["operation_id"] });
  }
  return answer;
}

function workspaceFolder(stack: Stack): string {
  const { workspaces } = homePaths(stack.home);
  const [id] = readdirSync(workspaces);
  if (id === undefined) throw new Error("The stack has no workspace.");
  return join(workspaces, id, "files");
}

/** Packs that the sandbox keeps on its own disk. */
function keptPacks(stack: Stack): string {
  return join(workspaceFolder(stack), "..", "state", "checkpoints", "packs");
}

/** All that the bucket holds, manifests included: nothing else is in it here. */
function storedBytes(stack: Stack): number {
  const folders = readdirSync(homePaths(stack.home).wranglerState, { recursive: true, encoding: "utf8" });
  const blobs = folders.filter((path) => /(^|\/)r2\/[^/]+\/blobs$/.test(path));
  return blobs.reduce((sum, path) => sum + sizeOf(join(homePaths(stack.home).wranglerState, path)), 0);
}

/** Of runner and engine together, in bytes. */
function peakMemory(stack: Stack): number {
  const runners = Object.values(stack.pids().runners);
  const isEngine = (pid: number) =>
    runners.includes(parentOf(pid)) && readText(`/proc/${pid}/cmdline`).includes(ENGINE);
  const engines = stack.processes().filter(isEngine);
  return peakMemoryMb([...runners, ...engines]) * 1024 * 1024;
}

const parentOf = (pid: number): number => Number(/PPid:\s+(\d+)/.exec(readText(`/proc/${pid}/status`))?.[1]);

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
