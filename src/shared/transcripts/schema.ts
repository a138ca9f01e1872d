// A conversation at Claude Code's side, as files: what of it is kept outside the sandbox, and under which version.
import { z } from "zod";
import { sha256Schema } from "../ids.ts";

/** Version of the manifest's shape; a reader refuses versions that it does not know. */
export const TRANSCRIPT_FORMAT = 1;
/** A file that grew in more steps than this is stored anew in fewer pieces. */
export const MAX_SEGMENTS_PER_FILE = 64;
/** A piece at most: well below what the object takes for a body. */
export const MAX_SEGMENT_BYTES = 16 * 1024 * 1024;
/** Main transcript, sub-agents and their metadata together. */
export const MAX_TRANSCRIPT_FILES = 2000;

/** Relative to the folder of the session's transcripts; plain names, so that it cannot lead elsewhere. */
export const transcriptPathSchema = z
  .string()
  .max(512)
  .regex(/^[A-Za-z0-9_-][A-Za-z0-9._-]*(?:\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/, "must be a plain relative path");

/** A piece of a file, kept in R2 under its SHA-256. */
export const transcriptSegmentSchema = z.object({ sha256: sha256Schema, bytes: z.int().positive() });

export const transcriptFileSchema = z.object({
  path: transcriptPathSchema,
  /** In order; together they are the file. */
  segments: z.array(transcriptSegmentSchema).max(MAX_SEGMENTS_PER_FILE + 1),
});
export type TranscriptFile = z.infer<typeof transcriptFileSchema>;

export const transcriptManifestSchema = z.object({
  format: z.literal(TRANSCRIPT_FORMAT),
  /** 1, 2, 3, …: one for each time that something was stored. */
  transcript_version: z.int().positive(),
  files: z.array(transcriptFileSchema).max(MAX_TRANSCRIPT_FILES),
});
export type TranscriptManifest = z.infer<typeof transcriptManifestSchema>;
