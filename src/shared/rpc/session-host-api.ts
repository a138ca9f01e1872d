// What the Session object offers the runner over their one WebSocket. Every argument is parsed on arrival.
import { z } from "zod";
import { sha256Schema, uuidSchema } from "../ids.ts";
import { MAX_BODY_PART_BYTES } from "../limits.ts";
import { permissionModeSchema } from "../permissions/permission-mode.ts";
import { MAX_TRANSCRIPT_FILES, transcriptFileSchema } from "../transcripts/schema.ts";
import type { EntryBatch } from "./runner-entry.ts";

export const bodyPartSchema = z.object({
  runtime_id: uuidSchema,
  /** SHA-256 of the whole body. */
  sha256: sha256Schema,
  total_bytes: z.int().positive(),
  offset: z.int().nonnegative(),
  /** At most MAX_BODY_PART_BYTES. */
  bytes: z.instanceof(Uint8Array),
});
export type BodyPart = z.infer<typeof bodyPartSchema>;

/** A live delta: never numbered, spooled or stored. */
export const previewSchema = z.object({
  runtime_id: uuidSchema,
  turn_id: uuidSchema.nullable(),
  /** The CLI's `stream_event`, as it came. */
  message: z.unknown(),
});
export type Preview = z.infer<typeof previewSchema>;

/** More own commands and skills, or longer names of them, are not told, so that nothing of what is configured counts. */
export const MAX_OWN_NAMES = 500;
export const MAX_OWN_NAME_CHARS = 400;

export const permissionQuestionSchema = z.object({
  runtime_id: uuidSchema,
  /** The same when the question is asked again after a cut. */
  request_id: uuidSchema,
  turn_id: uuidSchema,
  /**
   * `gate`: before every tool call, in every mode (PreToolUse).
   * `consent`: Claude Code's own mode, or the gate's `ask`, wants a person.
   * `elicitation`: an MCP server asks a person something; `tool_name` is the server's name, `tool_input` what it asks.
   */
  stage: z.enum(["gate", "consent", "elicitation"]),
  tool_name: z.string().min(1).max(256),
  tool_use_id: z.string().max(256).nullable(),
  permission_mode: permissionModeSchema,
  /** The tool's input, shortened to at most MAX_ASKED_INPUT_BYTES as JSON. */
  tool_input: z.unknown(),
  /** Where the tool stands, and what relative rules are relative to; absent from an older runner. */
  cwd: z.string().max(4096).nullable().optional(),
  project_dir: z.string().max(4096).optional(),
  home_dir: z.string().max(4096).optional(),
  /** How long the runner still waits for an answer; absent from an older runner, which waits PERMISSION_DEADLINE_MS. */
  patience_ms: z.int().positive().optional(),
  /**
   * Commands and skills of the repository or the agent, which take the place of configured ones of the same name; absent
   * where they are not known.
   */
  own_names: z.array(z.string().max(MAX_OWN_NAME_CHARS)).max(MAX_OWN_NAMES).optional(),
  /** Claude Code's own words about why it asks. */
  asked_because: z.string().max(1000).optional(),
});
export type PermissionQuestion = z.infer<typeof permissionQuestionSchema>;

/**
 * `no_rule` (gate only): Claude Code's own mode decides. `ask` (gate only): comes back as `consent`.
 * `message` reaches the model with a denial.
 */
export const permissionDecisionSchema = z.discriminatedUnion("behavior", [
  z.object({
    behavior: z.literal("allow"),
    /** What a person answered: added to the tool's input, or given to the MCP server that asked. */
    added_input: z.record(z.string(), z.unknown()).optional(),
  }),
  z.object({ behavior: z.literal("no_rule") }),
  z.object({ behavior: z.literal("ask"), message: z.string().max(2000) }),
  z.object({ behavior: z.literal("deny"), message: z.string().min(1).max(2000) }),
]);
export type PermissionDecision = z.infer<typeof permissionDecisionSchema>;

export const runTokenGrantSchema = z.object({
  token: z.string().min(1).max(4096),
  /** Seconds since 1970. */
  expires_at: z.int().positive(),
});
export type RunTokenGrant = z.infer<typeof runTokenGrantSchema>;

export const runTokenRequestSchema = z.object({
  runtime_id: uuidSchema,
  route: z.enum(["model", "mcp", "hooks"]).default("model"),
});
export type RunTokenRequest = z.input<typeof runTokenRequestSchema>;

export const transcriptCommitSchema = z.object({
  runtime_id: uuidSchema,
  /** The turn after which it was read. */
  turn_id: uuidSchema,
  /** Every file as it is now; each segment is stored already (putBodyPart). */
  files: z.array(transcriptFileSchema).min(1).max(MAX_TRANSCRIPT_FILES),
});
export type TranscriptCommit = z.infer<typeof transcriptCommitSchema>;

export const bodyReadSchema = z.object({
  runtime_id: uuidSchema,
  sha256: sha256Schema,
  offset: z.int().nonnegative(),
  /** At most MAX_BODY_PART_BYTES. */
  bytes: z.int().positive(),
});
export type BodyRead = z.infer<typeof bodyReadSchema>;

export const attachmentReadSchema = z.object({
  runtime_id: uuidSchema,
  /** The turn whose prompt names it. */
  turn_id: uuidSchema,
  upload_id: uuidSchema,
  offset: z.int().nonnegative(),
  bytes: z.int().positive().max(MAX_BODY_PART_BYTES),
});
export type AttachmentRead = z.infer<typeof attachmentReadSchema>;

export interface SessionHostApi {
  /**
   * Stores the entries, in order, and answers with the highest source_seq that is stored for good. Entries that are
   * stored already are passed over; a gap or a replaced runtime throws. A body that an entry names is stored before.
   */
  append(batch: EntryBatch): Promise<{ acknowledged_source_seq: number }>;
  /** Takes a large body in parts, in order of `offset`; `stored` is true once the whole is in R2. */
  putBodyPart(part: BodyPart): Promise<{ stored: boolean }>;
  /** Names the conversation's files for good. Throws when a segment is not stored. */
  commitTranscript(commit: TranscriptCommit): Promise<{ transcript_version: number }>;
  /** A part of a body that this session's transcript names. */
  readBody(read: BodyRead): Promise<{ bytes: Uint8Array }>;
  /** A part of an upload that an open turn names; null when the upload is not there any more. */
  readAttachment(read: AttachmentRead): Promise<{ bytes: Uint8Array | null }>;
  preview(preview: Preview): Promise<void>;
  decidePermission(question: PermissionQuestion): Promise<PermissionDecision>;
  /** A fresh run token: for the model gateway, or with `route` for the session's MCP servers or HTTP hooks. */
  renewRunToken(request: RunTokenRequest): Promise<RunTokenGrant>;
}
