// A workspace, an edge and a folder for the engine's state, for tests that take checkpoints: in this process, or by a real runner.
import { type RpcStub, RpcTarget } from "capnweb";
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { takeCheckpoint } from "../../src/container/checkpoints/take-checkpoint.ts";
import type { JobContext } from "../../src/container/checkpoints/job-context.ts";
import { readFrames, readListChunks } from "../../src/container/checkpoints/transfer/pack-reader.ts";
import { readEntries } from "../../src/shared/checkpoints/entry-codec.ts";
import type { Entry, Tree } from "../../src/shared/checkpoints/format.ts";
import type { OperationProgress } from "../../src/shared/checkpoints/schema.ts";
import type { CheckpointHostApi, TakeCheckpoint } from "../../src/shared/rpc/runner-checkpoint-api.ts";
import type { AssertExtends } from "../../src/shared/rpc/protocol.ts";
import type { RunnerWorkspaceApi } from "../../src/shared/rpc/runner-workspace-api.ts";
import { type PackEdge, startPackEdge } from "./pack-edge.ts";
import { grantToken } from "./runner-host.ts";

export type CheckpointBench = Awaited<ReturnType<typeof startCheckpointBench>>;

/** Takes checkpoints in this process. */
export async function startCheckpointBench(edge?: PackEdge) {
  const folder = mkdtempSync(join(tmpdir(), "berth-checkpoints-"));
  const [workspaceDir, stateDir] = [join(folder, "workspace"), join(folder, "state")];
  for (const path of [workspaceDir, stateDir]) mkdirSync(path);
  const packs = edge ?? (await startPackEdge());
  let tokens = 1;
  const told = { captured: 0, renewed: 0, progress: [] as OperationProgress[] };
  const context: JobContext = {
    operationId: randomUUID(),
    workspaceDir,
    stateDir,
    edgeUrl: packs.url,
    tokens: () => ({ write: `write-${tokens}`, read: `read-${tokens}` }),
    async renewTokens() {
      tokens += 1;
      told.renewed += 1;
    },
    progress: (progress) => void told.progress.push(progress),
    captured: () => void (told.captured += 1),
  };
  const take = (parent: Tree | null = null, more: Partial<TakeCheckpoint> = {}) =>
    takeCheckpoint(takeRequest(parent, more), context);
  return {
    folder,
    workspaceDir,
    stateDir,
    edge: packs,
    context,
    told,
    take,
    path: (name: string) => join(workspaceDir, name),
    /** What is stored is to be had from the edge alone, as for a sandbox that did not store it itself. */
    forgetPacks: () => rmSync(join(stateDir, "packs"), { recursive: true, force: true }),
    async stop() {
      await packs.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function takeRequest(parent: Tree | null, more: Partial<TakeCheckpoint> = {}): TakeCheckpoint {
  const tokens = { write: grantToken(), read: grantToken() };
  return { operation_id: randomUUID(), parent, full: false, tokens, ...more };
}

/** The Workspace object's side of a call; notes what it is told. */
export class TestCheckpointHost extends RpcTarget implements CheckpointHostApi {
  readonly told = { captured: 0, renewed: 0, progress: [] as OperationProgress[] };
  async progress(progress: OperationProgress) {
    this.told.progress.push(progress);
  }
  async captured() {
    this.told.captured += 1;
  }
  async renewTokens() {
    this.told.renewed += 1;
    return { write: grantToken(), read: grantToken() };
  }
}

/** Takes one by a runner's RPC. */
export async function takeBy(
  workspace: RpcStub<RunnerWorkspaceApi>,
  request: TakeCheckpoint,
  host = new TestCheckpointHost(),
) {
  return workspace.takeCheckpoint(request as never, host as never);
}

export type ReadEntry = { entry: Entry; path: string; content: Buffer | null };

/** Everything that a tree says, read back from the edge: by latin1 paths, in the list's order. */
export async function readTree(context: JobContext, tree: Tree): Promise<ReadEntry[]> {
  const entries: Entry[] = [];
  for await (const chunk of readListChunks(context, tree.chunks)) entries.push(...readEntries(Buffer.from(chunk)));
  const read: ReadEntry[] = [];
  for (const entry of entries) {
    const path = Buffer.from(entry.path).toString("latin1");
    const content = entry.type === "file" ? await readContent(context, entry) : null;
    read.push({ entry, path, content });
  }
  return read;
}

async function readContent(context: JobContext, entry: Extract<Entry, { type: "file" }>): Promise<Buffer> {
  const frames = entry.blobs.map((blob) => ({
    pack: Buffer.from(blob.pack).toString("hex"),
    frameOffset: blob.frameOffset,
    frameLength: blob.frameLength,
    blobs: [{ ...blob, path: entry.path }],
  }));
  const parts: Buffer[] = [];
  for await (const { frame, content } of readFrames(context, frames)) {
    for (const { inner, length } of frame.blobs) parts.push(content.subarray(inner, inner + length));
  }
  return Buffer.concat(parts);
}

type _HostIsTheContract = AssertExtends<TestCheckpointHost, CheckpointHostApi>;
