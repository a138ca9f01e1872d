// Berth's checkpoints as the same kind of tool: through the MCP tools of a whole local stack, up to the row in D1.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { homePaths } from "../../../local/home.ts";
import { connect } from "../../journeys/person.ts";
import { peakMemoryMb } from "../../support/peak-memory.ts";
import { type Stack, startStack } from "../../support/stack.ts";
import { VERSION } from "../../../src/worker/version.ts";
import { type BackupTool, sizeOf, type ToolKind } from "./tool.ts";

type Client = Awaited<ReturnType<typeof connect>>;
type Answer = Record<string, unknown>;

let projects = 0;

export const berth: ToolKind = {
  name: "berth",
  version: () => VERSION,
  async create() {
    const stack = await startStack();
    const client = await connect(stack);
    const project = `bench-${++projects}`;
    await client.callToolOrThrow("create_project", { name: project });
    // Starts the sandbox, so that the folder is there: a checkpoint is taken of work, which has one already.
    await client.callToolOrThrow("list_project_files", { project });
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
      storedBytes: async () => storedBytes(stack),
      peakMemory: () => peakMemory(stack),
      async stop() {
        await client.close();
        await stack.stop();
      },
    } satisfies BackupTool;
  },
};

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

/** All that the bucket holds, manifests included: nothing else is in it here. */
function storedBytes(stack: Stack): number {
  const folders = readdirSync(homePaths(stack.home).wranglerState, { recursive: true, encoding: "utf8" });
  const blobs = folders.filter((path) => /(^|\/)r2\/[^/]+\/blobs$/.test(path));
  return blobs.reduce((sum, path) => sum + sizeOf(join(homePaths(stack.home).wranglerState, path)), 0);
}

/** Of runner and engine together, in bytes. */
function peakMemory(stack: Stack): number {
  const runners = Object.values(stack.pids().runners);
  const engines = stack.processes().filter((pid) => runners.includes(parentOf(pid)));
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
