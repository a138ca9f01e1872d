// What the Workspace object may call: expected failures are answers, anything else is logged here by an id.
import { RpcTarget } from "capnweb";
import { z } from "zod";
import { treeSchema } from "../../shared/checkpoints/format.ts";
import { type Answer, answer, AppError, toFailure } from "../../shared/errors/app-error.ts";
import { hookTrialSchema } from "../../shared/hooks/sample-event.ts";
import type { AssertExtends } from "../../shared/rpc/protocol.ts";
import {
  type CheckpointHostApi,
  makeBundleSchema,
  type RestoredTree,
  restoreTreeSchema,
  takeCheckpointSchema,
  type TakenTree,
} from "../../shared/rpc/runner-checkpoint-api.ts";
import {
  type ClaudeBinary,
  type ClaudeRelease,
  type FileContent,
  type FileList,
  type HookTrialResult,
  listFilesSchema,
  readFileSchema,
  type RunnerWorkspaceApi,
  testServerSchema,
} from "../../shared/rpc/runner-workspace-api.ts";
import type { StdioTest } from "../../shared/mcp-servers/server-test.ts";
import type { CheckpointJobs } from "../checkpoints/checkpoint-jobs.ts";
import type { Config } from "../config.ts";
import { tryHook } from "../hooks/try-hook.ts";
import { logFailure } from "../log.ts";
import { testStdioServer } from "../mcp-servers/test-stdio-server.ts";
import { type ClaudePackage, findClaudeBinary } from "../workspaces/claude-binary.ts";
import { findNewestClaude } from "../workspaces/claude-release.ts";
import { cloneRepository } from "../workspaces/clone-repository.ts";
import { listFiles } from "../workspaces/list-files.ts";
import { readWorkspaceFile } from "../workspaces/read-file.ts";
import { isWorkspaceChanged } from "../workspaces/workspace.ts";
import { parseArgument } from "./parse-argument.ts";

const cloneSchema = z.object({ git_url: z.string(), allow_insecure: z.boolean() });

export type WorkspaceParts = {
  config: Config;
  claude: ClaudePackage;
  checkpoints: CheckpointJobs;
  shutdown: () => Promise<void>;
};

export class WorkspaceTarget extends RpcTarget {
  readonly #parts: WorkspaceParts;

  constructor(parts: WorkspaceParts) {
    super();
    this.#parts = parts;
  }

  async listFiles(request: unknown): Promise<Answer<FileList>> {
    return toAnswer(() => listFiles(this.#parts.config.workspaceDir, parseArgument(listFilesSchema, request)));
  }

  async readFile(request: unknown): Promise<Answer<FileContent>> {
    return toAnswer(() => readWorkspaceFile(this.#parts.config.workspaceDir, parseArgument(readFileSchema, request)));
  }

  async cloneRepository(request: unknown): Promise<Answer<{ commit: string }>> {
    return toAnswer(() => cloneRepository(this.#parts.config, parseArgument(cloneSchema, request)));
  }

  async findClaudeBinary(): Promise<Answer<ClaudeBinary>> {
    return toAnswer(() => findClaudeBinary(this.#parts.config, this.#parts.claude));
  }

  async findNewestClaude(): Promise<Answer<ClaudeRelease>> {
    return toAnswer(() => findNewestClaude(this.#parts.config));
  }

  async testServer(server: unknown): Promise<Answer<StdioTest>> {
    return toAnswer(() => testStdioServer(this.#parts.config, parseArgument(testServerSchema, server)));
  }

  async tryHook(trial: unknown): Promise<Answer<HookTrialResult>> {
    return toAnswer(() => tryHook(this.#parts.config, parseArgument(hookTrialSchema, trial)));
  }

  async isWorkspaceChanged(): Promise<boolean> {
    return isWorkspaceChanged(this.#parts.config);
  }

  // The host is good until the call is answered: no longer is it used.
  async takeCheckpoint(request: unknown, host: CheckpointHostApi): Promise<Answer<TakenTree>> {
    return toAnswer(() => this.#parts.checkpoints.take(parseArgument(takeCheckpointSchema, request), host));
  }

  async restoreTree(request: unknown, host: CheckpointHostApi): Promise<Answer<RestoredTree>> {
    return toAnswer(() => this.#parts.checkpoints.restore(parseArgument(restoreTreeSchema, request), host));
  }

  async makeBundle(request: unknown, host: CheckpointHostApi): Promise<Answer<{ bytes: number }>> {
    return toAnswer(() => this.#parts.checkpoints.bundle(parseArgument(makeBundleSchema, request), host));
  }

  async isChangedSince(tree: unknown): Promise<boolean> {
    return this.#parts.checkpoints.isChangedSince(parseArgument(treeSchema, tree));
  }

  async shutdown(): Promise<void> {
    // Answered first: the connection does not outlive the program.
    setTimeout(() => void this.#parts.shutdown(), 0);
  }
}

type _WorkspaceTargetIsTheContract = AssertExtends<WorkspaceTarget, RunnerWorkspaceApi>;

async function toAnswer<T>(work: () => Promise<T>): Promise<Answer<T>> {
  try {
    return answer(await work());
  } catch (error) {
    if (error instanceof AppError) return { ok: false, error: toFailure(error, "") };
    return { ok: false, error: toFailure(error, logFailure("workspace_call_failed", error)) };
  }
}
