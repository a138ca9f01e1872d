// Memory has a bound, whatever the tree: measured as the kernel counts it, of the runner and its engine together.
import { mkdirSync, mkdtempSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { takeBy, takeRequest } from "../../../test/support/checkpoint-bench.ts";
import { type PackEdge, startPackEdge } from "../../../test/support/pack-edge.ts";
import { peakMemoryMb } from "../../../test/support/peak-memory.ts";
import { connectWorkspace, type RunnerProcess, startRunner } from "../../../test/support/runner-host.ts";
import { unwrap } from "../../shared/errors/app-error.ts";

let edge: PackEdge;
let runner: RunnerProcess;
beforeAll(async () => {
  edge = await startPackEdge({ keep: false });
  const folder = mkdtempSync(join(tmpdir(), "berth-memory-"));
  // As in the image: compiled once, so that no process carries the compiler.
  const compiled = join(folder, "compiled");
  mkdirSync(join(folder, "workspace"));
  await (await startRunner({ edgeUrl: edge.url, environment: { NODE_COMPILE_CACHE: compiled } })).stop();
  runner = await startRunner({ edgeUrl: edge.url, folder, environment: { NODE_COMPILE_CACHE: compiled } });
});
afterAll(async () => {
  await runner.stop();
  await edge.close();
});

function peakMb(): number {
  const pid = runner.child.pid;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean);
  return peakMemoryMb([pid ?? 0, ...children.map(Number)]);
}

describe("the runner's memory", () => {
  it("stays below 300 MB with 60,000 small files, one folder of 20,000, and 3 GB of a file with holes [checkpoints.memory]", async () => {
    for (let index = 0; index < 60_000; index++) {
      const folder = index < 20_000 ? "wide" : `folder-${index % 400}/inner`;
      if (index === 0 || (index >= 20_000 && index < 20_400)) {
        mkdirSync(join(runner.workspaceDir, folder), { recursive: true });
      }
      writeFileSync(join(runner.workspaceDir, folder, `file-${index}`), `content of ${index}`.repeat(20));
    }
    writeFileSync(join(runner.workspaceDir, "holes"), "begin");
    truncateSync(join(runner.workspaceDir, "holes"), 3 * 1024 ** 3);
    const workspace = await connectWorkspace(runner);
    const { tree } = unwrap(await takeBy(workspace, takeRequest(null)));
    expect(tree.files).toBe(60_001);
    writeFileSync(join(runner.workspaceDir, "wide/file-7"), "another");
    const second = unwrap(await takeBy(workspace, takeRequest(tree)));
    expect(second.changes.changed).toBe(1);
    expect(peakMb()).toBeLessThan(300);
    expect(peakMb()).toBeGreaterThan(50);
    workspace[Symbol.dispose]();
  });
});
