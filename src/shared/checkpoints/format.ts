// The checkpoint format, version 2: what a manifest, a tree and an entry are. docs/design/checkpoints.md explains why.
// A reader refuses a version that it does not know. Version 1 has no list that leaves its own pack's name open.
import { z } from "zod";
import { sha256Schema, uuidSchema } from "../ids.ts";

export const CHECKPOINT_FORMAT = 2;
const READABLE_FORMATS = [1, CHECKPOINT_FORMAT] as const;

export function isReadableFormat(format: number): boolean {
  return READABLE_FORMATS.some((known) => known === format);
}

/** A pack is closed once its frames come to this; one frame more at most is on top of it. */
export const PACK_TARGET_BYTES = 8 * 1024 * 1024;
/** What the edge takes as a pack at most, its index included. */
export const MAX_PACK_BYTES = 24 * 1024 * 1024;
/** Packs that are sent together, in one request: no more bytes than these, and no more packs. */
export const PACKS_TOGETHER = { bytes: 1024 * 1024, packs: 4 } as const;
/** Blobs in one pack at most: entries wait in memory until the pack that holds their blobs is named. */
export const MAX_PACK_BLOBS = 16_384;
/** Small blobs share a frame until it holds this much before compression. */
export const FRAME_TARGET_BYTES = 256 * 1024;
/** A file larger than this is cut where its content says so. */
export const WHOLE_FILE_BYTES = 4 * 1024 * 1024;
/** A blob at most; so is a frame before compression, but for what fills up a shared one. */
export const MAX_BLOB_BYTES = 4 * 1024 * 1024;
/** Chunks of an entry list at most: far above what fits into a sandbox's disk. */
export const MAX_LIST_CHUNKS = 50_000;

/**
 * Where bytes lie: a zstd frame of a pack, and a range of what that frame holds.
 * Everything in bytes; `frame*` counts compressed bytes of the pack, `inner` and `length` bytes of the frame's content.
 */
export type BlobRef = {
  /** SHA-256 of the content: 32 bytes. */
  sha256: Uint8Array;
  /** SHA-256 of the pack, which is its name: 32 bytes. */
  pack: Uint8Array;
  frameOffset: number;
  frameLength: number;
  inner: number;
  length: number;
};

type EntryBase = {
  /** As the file system has it: no encoding is assumed, `/` parts it, no leading or trailing one. */
  path: Uint8Array;
  /** The low 12 bits: permissions, setuid, setgid, sticky. */
  mode: number;
  /** Microseconds since 1970, which is what a restore can set to the digit. */
  mtimeUs: number;
};
export type FileEntry = EntryBase & {
  type: "file";
  size: number;
  /** In order; together they are the content. Empty for a file of 0 bytes. */
  blobs: BlobRef[];
  /** It took less room on the disk than its size: zeros are restored as holes. */
  sparse: boolean;
  /** The first path, in the list's order, that is the same file on the disk; null for that one, and for a file with one name. */
  hardLinkOf: Uint8Array | null;
};
export type DirectoryEntry = EntryBase & { type: "directory" };
export type SymlinkEntry = EntryBase & { type: "symlink"; target: Uint8Array };
export type FifoEntry = EntryBase & { type: "fifo" };
/** One line of the entry list, which is sorted by the bytes of `path`. */
export type Entry = FileEntry | DirectoryEntry | SymlinkEntry | FifoEntry;

/** A chunk of the entry list: a blob like any other, alone in its frame. */
export const listChunkSchema = z.object({
  /** Of its entries, each with the name of the pack that its content is in: the same entries are the same chunk. */
  sha256: sha256Schema,
  /** Of the bytes as they are stored, where they leave the name of their own pack open (`own-pack.ts`). */
  stored_sha256: sha256Schema.optional(),
  pack: sha256Schema,
  frame_offset: z.int().nonnegative(),
  frame_length: z.int().positive(),
  /** Bytes of the chunk itself. */
  length: z.int().positive(),
  entries: z.int().positive(),
  /** Path of its first entry: base64url of the bytes. */
  first: z.string().max(8192),
});
export type ListChunk = z.infer<typeof listChunkSchema>;

/** What cannot be kept: a socket or a device is no content. Named, so that nothing is left out in silence. */
export const omittedSchema = z.object({
  path: z.string(),
  reason: z.enum(["socket", "device", "unreadable", "too_large"]),
});
export type Omitted = z.infer<typeof omittedSchema>;

/** A whole workspace: its sorted entry list in content-defined chunks. The same tree has the same chunks. */
export const treeSchema = z.object({
  chunks: z.array(listChunkSchema).max(MAX_LIST_CHUNKS),
  /** Every pack that the chunks or their entries name, sorted. */
  packs: z.array(sha256Schema),
  files: z.int().nonnegative(),
  directories: z.int().nonnegative(),
  /** Symlinks and FIFOs. */
  others: z.int().nonnegative(),
  /** All files' sizes, hard links once for each name. */
  bytes: z.int().nonnegative(),
  omitted: z.array(omittedSchema).max(100),
  omitted_count: z.int().nonnegative(),
});
export type Tree = z.infer<typeof treeSchema>;

/** How far a conversation was: named here, kept by its session. */
export const conversationMarkSchema = z.object({
  session_id: uuidSchema,
  turn_id: uuidSchema,
  /** The turn's last event. */
  event_seq: z.int().nonnegative(),
  /** Null when none of its conversation was stored by then. */
  transcript_version: z.int().positive().nullable(),
});
export type ConversationMark = z.infer<typeof conversationMarkSchema>;

/** Written by the Workspace object alone, as zstd of JSON, under the SHA-256 of those bytes. */
export const manifestSchema = z.object({
  format: z.literal(READABLE_FORMATS),
  checkpoint_id: uuidSchema,
  team_id: uuidSchema,
  project_id: uuidSchema,
  workspace_id: uuidSchema,
  parent_id: uuidSchema.nullable(),
  /** ISO 8601. */
  created_at: z.string(),
  tree: treeSchema,
  conversations: z.array(conversationMarkSchema).max(1000),
});
export type Manifest = z.infer<typeof manifestSchema>;
