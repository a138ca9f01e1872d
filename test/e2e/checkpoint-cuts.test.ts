// Checkpoints and restores that are cut off, over the whole stack: what is in the timeline is whole, and a repeat finishes.
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startWorld, type World } from "../chaos/world/world.ts";
import { sandboxFaults } from "../support/sandbox-faults.ts";
import { lookAtTree } from "../support/tree-look.ts";

type Answer = Record<string, unknown>;
type Fault = {
  name: string;
  strike(world: World, workspaceId: string): Promise<unknown>;
  heal?(world: World): Promise<unknown>;
};

const PROJECT = "cut-off";
const FILES = 24;
const FILE_BYTES = 400_000;

const killEngine = (world: World): void => {
  const isEngine = (pid: number) => readCommand(pid).includes("checkpoints/engine/main.ts");
  for (const pid of world.stack.processes().filter(isEngine)) killIfThere(pid);
};

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has gone by itself meanwhile.
  }
}

const FAULTS: Fault[] = [
  { name: "the engine is killed", strike: async (world) => killEngine(world) },
  {
    name: "the runner is killed",
    async strike(world, workspaceId) {
      const pid = world.stack.pids().runners[workspaceId];
      if (pid !== undefined) killIfThere(pid);
    },
  },
  {
    name: "the sandbox is replaced by an empty one",
    strike: (world) => sandboxFaults(world.stack, "process").replaceSandboxes(),
  },
  {
    name: "the Workspace object is aborted",
    strike: (world, id) => world.order({ order: "abort_workspace", id }),
  },
  {
    name: "nine of ten calls to R2 fail",
    strike: (world) => world.order({ order: "begin_outage", storage: "r2", seed: 7 }),
    heal: (world) => world.order({ order: "end_outages" }),
  },
  {
    name: "nine of ten calls to D1 fail",
    strike: (world) => world.order({ order: "begin_outage", storage: "d1", seed: 7 }),
    heal: (world) => world.order({ order: "end_outages" }),
  },
];

describe("cut off", () => {
  let world: World;
  let workspaceId: string;
  let files: string;
  beforeAll(async () => {
    world = await startWorld();
    await world.call("create_project", { name: PROJECT });
    await world.call("list_project_files", { project: PROJECT });
    [workspaceId = ""] = readdirSync(join(world.stack.home, "workspaces"));
    files = join(world.stack.home, "workspaces", workspaceId, "files");
    mkdirSync(join(files, "kept"));
    writeFileSync(join(files, "kept", "from-the-beginning.txt"), "kept");
    await finish("create_checkpoint", { message: "base" });
  });
  afterAll(() => world?.stop());

  /** Starts it anew until it ends well, as somebody does who is told to. */
  async function finish(tool: string, args: Answer): Promise<Answer> {
    let problem: unknown = null;
    for (const deadline = Date.now() + 90_000; Date.now() < deadline; await sleep(200)) {
      try {
        return await attempt(tool, args);
      } catch (error) {
        problem = error;
      }
    }
    throw new Error(`${tool} did not end well`, { cause: problem });
  }

  async function attempt(tool: string, args: Answer): Promise<Answer> {
    let answer = await world.call(tool, { project: PROJECT, ...args }, 1_000);
    while (answer?.["status"] === "running" || answer?.["status"] === "queued") {
      answer = await world.call(tool, { project: PROJECT, ...args, operation_id: answer["operation_id"] }, 1_000);
    }
    if (answer === null) throw new Error(`${tool} was not answered`);
    return answer;
  }

  async function strikeDuring(fault: Fault, tool: string, args: Answer, afterMs: number): Promise<void> {
    const begun = attempt(tool, args).catch(() => null);
    await sleep(afterMs);
    await fault.strike(world, workspaceId);
    await sleep(300);
    await fault.heal?.(world);
    await begun;
  }

  async function spoil(): Promise<void> {
    // Files change where a sandbox runs, and nowhere else.
    await finish("list_project_files", {});
    rmSync(join(files, "kept"), { recursive: true, force: true });
    for (let file = 0; file < FILES; file++) writeFileSync(join(files, `noise-${file}.bin`), randomBytes(FILE_BYTES));
  }

  /** Every row of the timeline: its manifest, its packs, each blob of them. */
  async function expectTimelineWhole(): Promise<string[]> {
    const list = await finish("list_checkpoints", { limit: 50 });
    const ids = (list["checkpoints"] as Answer[]).map((row) => String(row["checkpoint_id"]));
    for (const checkpoint_id of ids.slice(0, 4)) {
      for (let cursor: unknown = undefined; cursor !== null;) {
        const page = await world.call("verify_checkpoint", { checkpoint_id, ...(cursor !== undefined && { cursor }) });
        expect(page, JSON.stringify(page)).toMatchObject({ ok: true, findings: [], paths: [] });
        cursor = page?.["next_cursor"] ?? null;
      }
    }
    return ids;
  }

  it.each(FAULTS)(
    "when $name, a checkpoint is whole or not there, and a repeat takes it [checkpoints.cut_off]",
    async (fault) => {
      await spoil();
      const afterMs = FAULTS.indexOf(fault) % 2 === 0 ? 250 : 40;
      await strikeDuring(fault, "create_checkpoint", { message: `during: ${fault.name}` }, afterMs);
      const taken = await finish("create_checkpoint", { message: `after: ${fault.name}` });
      const { checkpoint_id } = taken["checkpoint"] as Answer;
      const before = lookAtTree(files);
      await expect.poll(expectTimelineWhole, { timeout: 30_000 }).toContain(checkpoint_id);
      execFileSync("rm", ["-rf", join(files, "noise-1.bin")]);
      await finish("restore_checkpoint", { checkpoint_id, create_backup: false });
      expect(lookAtTree(files)).toEqual(before);
    },
    120_000,
  );

  it.each(FAULTS)(
    "when $name, a restore is finished by the same call again [checkpoints.cut_off]",
    async (fault) => {
      await spoil();
      const { checkpoint_id } = (await finish("create_checkpoint", { message: "wanted" }))["checkpoint"] as Answer;
      const wanted = lookAtTree(files);
      const afterMs = FAULTS.indexOf(fault) % 2 === 0 ? 30 : 150;
      await spoil();
      await strikeDuring(fault, "restore_checkpoint", { checkpoint_id, create_backup: false }, afterMs);
      await finish("restore_checkpoint", { checkpoint_id, create_backup: false });
      expect(lookAtTree(files)).toEqual(wanted);
    },
    120_000,
  );
});

function readCommand(pid: number): string {
  try {
    return execFileSync("ps", ["-o", "args=", "-p", String(pid)], { encoding: "utf8" });
  } catch {
    return "";
  }
}
