// Checkpoints as people and machines talk about them: kinds, strategies, summaries, operations under way.
import { z } from "zod";
import type { Failure } from "../errors/app-error.ts";
import { uuidSchema } from "../ids.ts";

/** When a project's checkpoints are taken by themselves. `manual` keeps one hidden autosave, so that a lost sandbox loses nothing. */
export const CHECKPOINT_STRATEGIES = ["manual", "per_turn", "per_tool_use", "smart"] as const;
export const checkpointStrategySchema = z.enum(CHECKPOINT_STRATEGIES);
export type CheckpointStrategy = z.infer<typeof checkpointStrategySchema>;
export const DEFAULT_CHECKPOINT_STRATEGY: CheckpointStrategy = "per_turn";

/** Why a checkpoint was taken. */
export const CHECKPOINT_KINDS = [
  /** A person asked. */
  "manual",
  /** A turn ended. */
  "turn",
  /** Before a tool call that may change files. */
  "tool_use",
  /** Before something destructive, or after a large change. */
  "smart",
  /** Before a restore. */
  "backup",
  /** Where a restore left the workspace. */
  "restore",
  /** The first of a branch: what it began from. */
  "fork",
  /** Keeps the files of a workspace whose strategy takes none; the next checkpoint replaces it. */
  "autosave",
] as const;
export const checkpointKindSchema = z.enum(CHECKPOINT_KINDS);
export type CheckpointKind = z.infer<typeof checkpointKindSchema>;

/** A branch's name: as a git branch's, without what needs quoting. */
export const branchNameSchema = z
  .string()
  .max(64)
  .regex(
    /^[A-Za-z0-9](?:[A-Za-z0-9._/-]*[A-Za-z0-9])?$/,
    "must be letters, digits, '.', '_', '-' and '/', and begin and end with a letter or digit",
  )
  .refine((name) => !name.includes("..") && !name.includes("//"), "must not contain '..' or '//'");

export const checkpointMessageSchema = z.string().trim().max(2000);
export const checkpointTagSchema = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, "must be a plain word");

/** What a checkpoint changed against its parent. */
export const changeCountsSchema = z.object({
  added: z.int().nonnegative(),
  changed: z.int().nonnegative(),
  removed: z.int().nonnegative(),
});
export type ChangeCounts = z.infer<typeof changeCountsSchema>;

/** What the workspace's owner of truth (its object) says of a checkpoint; D1's row has the same fields. */
export type CheckpointRecord = {
  checkpoint_id: string;
  parent_id: string | null;
  kind: CheckpointKind;
  manifest_sha256: string;
  message: string;
  author_id: string | null;
  /** The turn that it belongs to, its session, and that session's event; null for none. */
  session_id: string | null;
  turn_id: string | null;
  event_seq: number | null;
  /** Used since the parent, in this workspace. */
  model: string | null;
  input_tokens: number;
  output_tokens: number;
  files: number;
  /** Sizes of all files, in bytes. */
  bytes: number;
  /** What taking it added to storage, in bytes. */
  stored_bytes: number;
  changes: ChangeCounts;
  /** Files that changed each time they were read: kept as last read. */
  unstable_files: number;
  omitted: number;
  /** ISO 8601. */
  created_at: string;
};

export type OperationProgress = {
  phase: "waiting" | "starting" | "scanning" | "uploading" | "downloading" | "writing" | "finishing";
  files: number;
  files_total: number | null;
  bytes: number;
  bytes_total: number | null;
};

/** One line of a restore's plan. `path` as showPath writes it. */
export const planItemSchema = z.object({
  action: z.enum(["write", "change", "touch", "delete"]),
  type: z.enum(["file", "directory", "symlink", "fifo"]),
  path: z.string(),
  bytes: z.int().nonnegative(),
});
/** Items of a plan that are told at most; the counts are of all. */
export const MAX_PLAN_ITEMS = 500;

export const restorePlanSchema = z.object({
  /** New paths; paths whose content or kind changes; paths whose mode or time alone does; paths that go. */
  write: z.int().nonnegative(),
  change: z.int().nonnegative(),
  touch: z.int().nonnegative(),
  delete: z.int().nonnegative(),
  bytes_to_write: z.int().nonnegative(),
  /** Compressed, from storage. */
  bytes_to_fetch: z.int().nonnegative(),
  items: z.array(planItemSchema).max(MAX_PLAN_ITEMS),
  items_left_out: z.int().nonnegative(),
});
export type RestorePlan = z.infer<typeof restorePlanSchema>;

export type OperationRequest =
  | {
      kind: "create";
      message: string;
      author_id: string;
      tags: string[];
    }
  | {
      kind: "restore";
      author_id: string;
      checkpoint: CheckpointTarget;
      /** As showPath writes them: files, or folders with everything below; null for the whole workspace. */
      paths: string[] | null;
      dry_run: boolean;
      create_backup: boolean;
      include_conversation: boolean;
    }
  /** What the timeline holds as git sees it: commits from `checkpoints[0]` to the last, put to `key` as a bundle. */
  | { kind: "bundle"; author_id: string; checkpoints: BundleCommit[]; branch: string; export_id: string };

/** A checkpoint of this team that the edge has looked up and allowed. */
export type CheckpointTarget = { checkpoint_id: string; project_id: string; manifest_sha256: string };
export type BundleCommit = CheckpointTarget & { message: string; author: string; created_at: string };
/** Commits of one bundle at most. */
export const MAX_BUNDLE_COMMITS = 500;

export type StartOperation = {
  /** Made by the caller: a repeat with the same id is the same operation. */
  operation_id: string;
  request: OperationRequest;
  /** While a turn holds the workspace or waits for it. */
  if_busy: "queue" | "refuse";
};

export type OperationResult =
  | { kind: "create"; checkpoint: CheckpointRecord; unchanged: boolean }
  | {
      kind: "restore";
      plan: RestorePlan;
      applied: boolean;
      backup: CheckpointRecord | null;
      /** Where the workspace's timeline stands now; null for a dry run. */
      checkpoint: CheckpointRecord | null;
      /** Sessions whose conversation went back too. */
      conversations: string[];
    }
  | { kind: "bundle"; key: string; bytes: number; commits: number };

export type OperationView = {
  operation_id: string;
  kind: OperationRequest["kind"];
  status: "queued" | "running" | "succeeded" | "failed";
  progress: OperationProgress;
  result: OperationResult | null;
  error: Failure | null;
};

export const checkpointIdSchema = uuidSchema;
