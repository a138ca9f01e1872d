// What the Workspace object may have done to the workspace's files: each call is a job of the engine.
// A repeat of an operation that is under way joins it: the object may have lost its connection and nothing else.
import { readdir } from "node:fs/promises";
import { z } from "zod";
import {
  type CheckpointHostApi,
  type MakeBundle,
  packTokensSchema,
  type PackTokens,
  restoredTreeSchema,
  type RestoredTree,
  type RestoreTree,
  type TakeCheckpoint,
  takenTreeSchema,
  type TakenTree,
} from "../../shared/rpc/runner-checkpoint-api.ts";
import type { Tree } from "../../shared/checkpoints/format.ts";
import { logFailure } from "../log.ts";
import { withDeadline } from "../rpc/host-link.ts";
import type { EngineJob, EngineTokens } from "./engine/engine-messages.ts";
import type { CheckpointEngine } from "./engine/engine.ts";

export type CheckpointJobs = {
  take(request: TakeCheckpoint, host: CheckpointHostApi): Promise<TakenTree>;
  restore(request: RestoreTree, host: CheckpointHostApi): Promise<RestoredTree>;
  bundle(request: MakeBundle, host: CheckpointHostApi): Promise<{ bytes: number }>;
  isChangedSince(tree: Tree): Promise<boolean>;
};

type Operation = { operation_id: string; tokens: PackTokens };
type UnderWay = { host: CheckpointHostApi; result: Promise<unknown> };

const EMPTY: Tree = {
  chunks: [],
  packs: [],
  files: 0,
  directories: 0,
  others: 0,
  bytes: 0,
  omitted: [],
  omitted_count: 0,
};
const NOTHING_TAKEN: TakenTree = {
  tree: EMPTY,
  unchanged: false,
  changes: { added: 0, changed: 0, removed: 0 },
  stored: [],
  unstable_files: 0,
  files_read: 0,
  bytes_read: 0,
};

const RENEWAL_MS = 20_000;
const bundleSchema = z.object({ bytes: z.int().nonnegative() });

export function createCheckpointJobs(engine: CheckpointEngine, workspaceDir: string): CheckpointJobs {
  const underWay = new Map<string, UnderWay>();

  async function run({ operation_id, tokens }: Operation, job: EngineJob, host: CheckpointHostApi): Promise<unknown> {
    const key = `${job.kind} ${operation_id}`;
    const known = underWay.get(key);
    if (known !== undefined) {
      known.host = host;
      return known.result;
    }
    const entry: UnderWay = { host, result: Promise.resolve() };
    underWay.set(key, entry);
    entry.result = engine.run(operation_id, job, {
      tokens: plainTokens(tokens),
      progress: (progress) => void tell(() => entry.host.progress(progress)),
      captured: () => void tell(() => entry.host.captured()),
      renewTokens: () => askForTokens(entry.host),
    });
    try {
      return await entry.result;
    } finally {
      underWay.delete(key);
    }
  }
  return {
    async take(request, host) {
      // Most conversations touch no file: no process is started to find that out.
      if (request.parent === null && (await readdir(workspaceDir)).length === 0) return NOTHING_TAKEN;
      return takenTreeSchema.parse(await run(request, { kind: "take", request }, host));
    },
    restore: async (request, host) => restoredTreeSchema.parse(await run(request, { kind: "restore", request }, host)),
    bundle: async (request, host) => bundleSchema.parse(await run(request, { kind: "bundle", request }, host)),
    async isChangedSince(tree) {
      try {
        const job = { kind: "changed" as const, request: { tree } };
        return z.boolean().parse(await engine.run("", job, silentHost));
      } catch (error) {
        logFailure("change_not_known", error);
        return true;
      }
    },
  };
}

const silentHost = {
  tokens: { write: null, read: null },
  progress: () => {},
  captured: () => {},
  renewTokens: () => Promise.resolve(null),
};

/** The object may be gone for the moment: the work goes on without it. */
async function tell(call: () => Promise<void>): Promise<void> {
  try {
    await call();
  } catch {
    // It asks again when it is back.
  }
}

const plainTokens = ({ write, read }: PackTokens): EngineTokens => ({
  write: write?.token ?? null,
  read: read?.token ?? null,
});

/** Null when the object does not answer: the engine then says what the edge refused. */
async function askForTokens(host: CheckpointHostApi): Promise<EngineTokens | null> {
  try {
    return plainTokens(packTokensSchema.parse(await withDeadline(host.renewTokens(), RENEWAL_MS)));
  } catch (error) {
    logFailure("pack_tokens_not_renewed", error);
    return null;
  }
}
