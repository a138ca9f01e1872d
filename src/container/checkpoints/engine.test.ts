// The engine behind a real runner's RPC: what it may see, what it does when it, the edge or the workspace misbehaves.
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  takeBy,
  takeRequest,
  TestCheckpointHost,
  readTree,
  type CheckpointBench,
} from "../../../test/support/checkpoint-bench.ts";
import { type PackEdge, startPackEdge } from "../../../test/support/pack-edge.ts";
import { connectWorkspace, type RunnerProcess, startRunner } from "../../../test/support/runner-host.ts";
import { unwrap } from "../../shared/errors/app-error.ts";

let edge: PackEdge;
let runner: RunnerProcess;
let workspace: Awaited<ReturnType<typeof connectWorkspace>>;
const NOBODY = 65_534;

async function start(environment: Record<string, string> = {}): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "berth-engine-"));
  chmodSync(folder, 0o711);
  runner = await startRunner({ edgeUrl: edge.url, folder, environment });
  workspace = await connectWorkspace(runner);
}
beforeEach(async () => void (edge = await startPackEdge()));
afterEach(async () => {
  workspace?.[Symbol.dispose]();
  await runner?.stop();
  await edge.close();
});

const file = (name: string, content: string | Buffer = randomBytes(2000)) =>
  writeFileSync(join(runner.workspaceDir, name), content);
const files = (count: number, bytes: number) => {
  for (let index = 0; index < count; index++) file(`file-${index}`, randomBytes(bytes));
};
const readBack = (tree: Parameters<typeof readTree>[1]) =>
  readTree({ edgeUrl: edge.url, tokens: () => ({ write: null, read: "r" }) } as CheckpointBench["context"], tree);

/** Children of the runner that run the engine. */
function enginePids(): number[] {
  const children = readFileSync(`/proc/${runner.child.pid}/task/${runner.child.pid}/children`, "utf8");
  const pids = children.split(" ").filter(Boolean).map(Number);
  return pids.filter((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("engine/main.ts"));
}

describe("the engine", () => {
  it("takes a checkpoint over RPC, says when every file was read, and stays for the next [checkpoints.tree]", async () => {
    await start();
    files(20, 5000);
    await pause(60);
    const host = new TestCheckpointHost();
    const first = unwrap(await takeBy(workspace, takeRequest(null), host));
    expect(host.told.captured).toBe(1);
    expect((await readBack(first.tree)).map(({ path }) => path)).toEqual(readdirSync(runner.workspaceDir).sort());
    const [pid] = enginePids();
    const second = unwrap(await takeBy(workspace, takeRequest(first.tree)));
    expect(second).toMatchObject({ unchanged: true, files_read: 0 });
    expect(enginePids()).toEqual([pid]);
    expect(await workspace.isChangedSince(first.tree as never)).toBe(false);
    file("another");
    expect(await workspace.isChangedSince(first.tree as never)).toBe(true);
    const environment = readFileSync(`/proc/${pid}/environ`, "utf8");
    expect(environment).not.toContain(runner.bootToken);
    expect(environment).not.toContain("BERTH_");
  });

  it("tells how far it is when it takes long [checkpoints.progress]", async () => {
    await start();
    files(60, 1_000_000);
    edge.delay(400);
    const host = new TestCheckpointHost();
    unwrap(await takeBy(workspace, takeRequest(null), host));
    expect(host.told.progress.length).toBeGreaterThan(0);
    expect(host.told.progress.at(-1)?.files).toBeGreaterThan(0);
  });

  it("refuses what does not follow the contract", async () => {
    await start();
    const answer = await takeBy(workspace, { ...takeRequest(null), operation_id: "no id" });
    expect(answer.ok).toBe(false);
  });

  it.runIf(process.getuid?.() === 0)(
    "runs as the agent's own user, reads what is the agent's and not to be read, names what is not the agent's [checkpoints.outside]",
    async () => {
      await start({ BERTH_CLI_UID: String(NOBODY), BERTH_CLI_GID: String(NOBODY) });
      const asAgent = (script: string) =>
        execFileSync("sh", ["-c", script], { cwd: runner.workspaceDir, uid: NOBODY, gid: NOBODY });
      asAgent("echo shut > shut; chmod 000 shut; mkdir closed; echo in > closed/in; chmod 000 closed; echo a > plain");
      file("foreign", "of root");
      chmodSync(join(runner.workspaceDir, "foreign"), 0o600);
      mkdirSync(join(runner.workspaceDir, "foreign-folder"), { mode: 0o700 });
      const { tree } = unwrap(await takeBy(workspace, takeRequest(null)));
      const read = await readBack(tree);
      expect(read.map(({ path, content }) => [path, content?.toString() ?? null])).toEqual([
        ["closed", null],
        ["closed/in", "in\n"],
        ["foreign-folder", null],
        ["plain", "a\n"],
        ["shut", "shut\n"],
      ]);
      expect(tree.omitted).toEqual([
        { path: "foreign", reason: "unreadable" },
        { path: "foreign-folder", reason: "unreadable" },
      ]);
      expect(read.find(({ path }) => path === "shut")?.entry.mode).toBe(0);
      expect(statSync(join(runner.workspaceDir, "shut")).mode & 0o777).toBe(0);
      expect(statSync(join(runner.workspaceDir, "closed")).mode & 0o777).toBe(0);
      const [pid] = enginePids();
      expect(readFileSync(`/proc/${pid}/status`, "utf8")).toMatch(new RegExp(`^Uid:\\s+${NOBODY}\\s+${NOBODY}`, "m"));
      expect(readFileSync(`/proc/${pid}/status`, "utf8")).toMatch(/^Groups:\s*$/m);
    },
  );
});

describe("cut off", () => {
  it("by its own death in the middle, it says so, and a repeat finishes [checkpoints.cut_off]", async () => {
    await start();
    files(40, 500_000);
    edge.delay(600);
    const taking = takeBy(workspace, takeRequest(null));
    while (edge.requests.length === 0) await pause(10);
    for (const pid of enginePids()) process.kill(pid, "SIGKILL");
    const answer = await taking;
    expect(answer).toMatchObject({ ok: false, error: { code: "checkpoint_failed" } });
    edge.delay(0);
    const { tree } = unwrap(await takeBy(workspace, takeRequest(null)));
    expect(await readBack(tree)).toHaveLength(40);
  });

  it("by an edge that refuses every second write or drops it, it goes on by itself [checkpoints.cut_off]", async () => {
    await start();
    files(40, 500_000);
    edge.fail(({ count }) => (count % 4 === 1 ? 503 : count % 4 === 2 ? "drop" : null));
    const { tree } = unwrap(await takeBy(workspace, takeRequest(null)));
    edge.fail(() => null);
    expect(await readBack(tree)).toHaveLength(40);
  });

  it("by an edge that is gone, it says so, remembers nothing false, and a repeat finishes [checkpoints.cut_off]", async () => {
    await start();
    files(10, 50_000);
    await pause(60);
    edge.fail(() => "drop");
    const answer = await takeBy(workspace, takeRequest(null));
    expect(answer).toMatchObject({ ok: false, error: { code: "checkpoint_failed" } });
    edge.fail(() => null);
    const { tree } = unwrap(await takeBy(workspace, takeRequest(null)));
    expect(await readBack(tree)).toHaveLength(10);
  });

  it("by an edge that refuses it for good, it does not try again [checkpoints.fenced]", async () => {
    await start();
    file("one");
    edge.fail(() => 403);
    const answer = await takeBy(workspace, takeRequest(null));
    expect(answer).toMatchObject({ ok: false, error: { code: "checkpoint_failed" } });
    expect(new Set(edge.requests.map(({ sha256 }) => sha256)).size).toBe(edge.requests.length);
  });

  it("by the end of its token, it asks for another one and goes on", async () => {
    await start();
    files(40, 500_000);
    const request = takeRequest(null);
    edge.accept((token) => token !== request.tokens.write?.token);
    const host = new TestCheckpointHost();
    const { tree } = unwrap(await takeBy(workspace, request, host));
    expect(host.told.renewed).toBe(1);
    expect(await readBack(tree)).toHaveLength(40);
    edge.accept(() => false);
    const again = await takeBy(workspace, { ...takeRequest(null), full: true });
    expect(again).toMatchObject({ ok: false, error: { code: "checkpoint_failed" } });
  });

  it("by its caller alone, a repeat of the same operation joins it", async () => {
    await start();
    files(10, 50_000);
    edge.delay(500);
    const request = takeRequest(null);
    const [one, other] = await Promise.all([takeBy(workspace, request), takeBy(workspace, request)]);
    expect(unwrap(one)).toEqual(unwrap(other));
    expect(edge.requests.filter(({ method }) => method === "PUT")).toHaveLength(1);
  });
});
