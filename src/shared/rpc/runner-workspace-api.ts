// What the runner offers the Workspace object: the files, and the programs that came with the sandbox.
import { z } from "zod";
import type { StdioTest } from "../mcp-servers/server-test.ts";
import type { Answer } from "../errors/app-error.ts";
import type { HookResult } from "../hooks/hook-result.ts";
import type { HookTrial } from "../hooks/sample-event.ts";
import { uuidSchema } from "../ids.ts";
import { MAX_FILE_READ_BYTES, MAX_FILES_PER_PAGE } from "../limits.ts";
import type { RunnerCheckpointApi } from "./runner-checkpoint-api.ts";
import { filePathSchema, type ProjectFile } from "../projects/schema.ts";

/** The runner's GET /health. */
export const runnerHealthSchema = z.object({
  protocol_version: z.int().positive(),
  runner_version: z.string(),
  runtime_id: uuidSchema,
  workspace_id: uuidSchema,
  /** `new`: this boot found an empty disk. `kept`: the workspace of an earlier boot. */
  workspace_state: z.enum(["new", "kept"]),
  /** With a turn or a background task. */
  busy_sessions: z.array(uuidSchema),
  /** With entries or a conversation that are not stored outside yet; a runner below INPUTS_PROTOCOL_VERSION does not say. */
  unsaid_sessions: z.array(uuidSchema).optional(),
});
export type RunnerHealth = z.infer<typeof runnerHealthSchema>;

export const listFilesSchema = z.object({
  /** A folder to list, relative; empty for the workspace itself. */
  path: filePathSchema.or(z.literal("")).default(""),
  recursive: z.boolean().default(true),
  /** Continue after this path. */
  after: z.string().max(4096).optional(),
  limit: z.int().min(1).max(MAX_FILES_PER_PAGE).default(200),
});
export type ListFiles = z.infer<typeof listFilesSchema>;
export type FileList = { files: ProjectFile[]; next_after: string | null };

export const readFileSchema = z.object({
  path: filePathSchema,
  offset: z.int().nonnegative().default(0),
  limit: z.int().min(1).max(MAX_FILE_READ_BYTES).default(MAX_FILE_READ_BYTES),
});
export type ReadFile = z.infer<typeof readFileSchema>;
/** `encoding` is base64 when the bytes are no UTF-8 text. `size` is the whole file's. */
export type FileContent = {
  path: string;
  encoding: "utf-8" | "base64";
  content: string;
  offset: number;
  bytes: number;
  size: number;
};

/** The Claude Code program inside the sandbox. */
export type ClaudeBinary = { path: string; version: string; source: string };

/** What is published: the newest Claude Code, and the package that brings it. */
export const claudeReleaseSchema = z.object({
  version: z.string().regex(/^[\w.+-]{1,64}$/),
  package_version: z.string().regex(/^[\w.+-]{1,64}$/),
});
export type ClaudeRelease = z.infer<typeof claudeReleaseSchema>;

/** A program that is started to see whether it is an MCP server. */
export const testServerSchema = z.object({
  command: z.string().min(1).max(1024),
  args: z.array(z.string()).max(200),
  env: z.record(z.string(), z.string()),
});
export type TestServer = z.infer<typeof testServerSchema>;
/** What came of a hook that was tried. */
export type HookTrialResult = {
  result: HookResult;
  /** What Claude Code would be given. */
  output: Record<string, unknown>;
  updated_input: Record<string, unknown> | null;
  /** Whether matcher and `if` take the event at all. */
  would_run: boolean;
};

export interface RunnerWorkspaceApi extends RunnerCheckpointApi {
  listFiles(request: ListFiles): Promise<Answer<FileList>>;
  readFile(request: ReadFile): Promise<Answer<FileContent>>;
  /** Clones into the empty workspace; a failure leaves it empty. `allow_insecure` is for tests alone. */
  cloneRepository(request: { git_url: string; allow_insecure: boolean }): Promise<Answer<{ commit: string }>>;
  findClaudeBinary(): Promise<Answer<ClaudeBinary>>;
  /** Asks the package registry that npm is set to in the sandbox. */
  findNewestClaude(): Promise<Answer<ClaudeRelease>>;
  /** Starts the program as Claude Code would, and asks it for its tools. */
  testServer(server: TestServer): Promise<Answer<StdioTest>>;
  /** Runs a command hook with a sample event. */
  tryHook(trial: HookTrial): Promise<Answer<HookTrialResult>>;
  /** True when the workspace holds anything that a fresh one would not. */
  isWorkspaceChanged(): Promise<boolean>;
  /** Interrupts turns, flushes and exits. */
  shutdown(): Promise<void>;
}
