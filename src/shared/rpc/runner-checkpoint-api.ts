// What the runner offers the Workspace object for checkpoints, and what it may ask back while it works.
// Bytes go over HTTP (EDGE_PATHS.packs) with a run token, never through these calls.
import { z } from "zod";
import { changeCountsSchema, restorePlanSchema } from "../checkpoints/schema.ts";
import { treeSchema } from "../checkpoints/format.ts";
import type { Answer } from "../errors/app-error.ts";
import { sha256Schema, uuidSchema } from "../ids.ts";
import { runTokenGrantSchema, type RunTokenGrant } from "./session-host-api.ts";

/** `packs:write` opens PUT of packs; `packs:read` opens GET of packs that the operation's trees name. */
export const packTokensSchema = z.object({
  write: runTokenGrantSchema.nullable(),
  read: runTokenGrantSchema.nullable(),
});
export type PackTokens = z.infer<typeof packTokensSchema>;

export const takeCheckpointSchema = z.object({
  operation_id: uuidSchema,
  /** The head's tree: what it holds is not stored again. Null for the first of a project. */
  parent: treeSchema.nullable(),
  /** Read and hash every file, and trust neither times nor what this runtime remembers. */
  full: z.boolean(),
  tokens: packTokensSchema,
});
export type TakeCheckpoint = z.infer<typeof takeCheckpointSchema>;

export const takenTreeSchema = z.object({
  tree: treeSchema,
  /** The same entries as the parent's. */
  unchanged: z.boolean(),
  changes: changeCountsSchema,
  /** Packs that this call stored, with their bytes. */
  stored: z.array(z.object({ sha256: sha256Schema, bytes: z.int().positive() })),
  /** Files that changed each time they were read; kept as last read. */
  unstable_files: z.int().nonnegative(),
  files_read: z.int().nonnegative(),
  bytes_read: z.int().nonnegative(),
});
export type TakenTree = z.infer<typeof takenTreeSchema>;

export const restoreTreeSchema = z.object({
  operation_id: uuidSchema,
  tree: treeSchema,
  /** Base64url of path bytes: each with everything below it; null for everything. */
  paths: z.array(z.string().max(8192)).max(1000).nullable(),
  dry_run: z.boolean(),
  tokens: packTokensSchema,
});
export type RestoreTree = z.infer<typeof restoreTreeSchema>;
export const restoredTreeSchema = z.object({ plan: restorePlanSchema, applied: z.boolean() });
export type RestoredTree = z.infer<typeof restoredTreeSchema>;

export const makeBundleSchema = z.object({
  operation_id: uuidSchema,
  branch: z.string().max(64),
  export_id: uuidSchema,
  commits: z
    .array(z.object({ tree: treeSchema, message: z.string(), author: z.string(), created_at: z.string() }))
    .min(1),
  tokens: packTokensSchema,
});
export type MakeBundle = z.infer<typeof makeBundleSchema>;

export const operationProgressSchema = z.object({
  phase: z.enum(["waiting", "starting", "scanning", "uploading", "downloading", "writing", "finishing"]),
  files: z.int().nonnegative(),
  files_total: z.int().nonnegative().nullable(),
  bytes: z.int().nonnegative(),
  bytes_total: z.int().nonnegative().nullable(),
});

/** What the runner calls while an operation is under way; the object hands a target over with each call. */
export interface CheckpointHostApi {
  /** At most twice a second. */
  progress(progress: z.infer<typeof operationProgressSchema>): Promise<void>;
  /** Every file has been read: from here on the workspace may change again, while the last packs are on their way. */
  captured(): Promise<void>;
  renewTokens(): Promise<{ write: RunTokenGrant | null; read: RunTokenGrant | null }>;
}

export interface RunnerCheckpointApi {
  /** Walks, reads what changed, and stores packs. Writes no manifest and no row: that is the object's. */
  takeCheckpoint(request: TakeCheckpoint, host: CheckpointHostApi): Promise<Answer<TakenTree>>;
  /** Plans, and unless `dry_run` makes the workspace the tree. Repeatable after any failure. */
  restoreTree(request: RestoreTree, host: CheckpointHostApi): Promise<Answer<RestoredTree>>;
  /** Makes a git bundle of the commits and stores it. */
  makeBundle(request: MakeBundle, host: CheckpointHostApi): Promise<Answer<{ bytes: number }>>;
  /** True when the workspace is not what this tree says; a walk by times and sizes, which stores nothing. */
  isChangedSince(tree: z.infer<typeof treeSchema>): Promise<boolean>;
}
