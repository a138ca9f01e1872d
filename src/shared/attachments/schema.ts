// Files that go to Claude Code with a prompt: named by who asks, never sent along in the call.
import { z } from "zod";
import { sha256Schema, uuidSchema } from "../ids.ts";
import { MAX_ATTACHMENT_BYTES, MAX_ATTACHMENTS } from "../limits.ts";
import { filePathSchema } from "../projects/schema.ts";

export const IMAGE_TYPES = ["image/png", "image/jpeg", "image/gif", "image/webp"] as const;
const MEDIA_TYPE =
  /^(?:image\/(?:png|jpeg|gif|webp)|application\/(?:pdf|json|xml|yaml|toml|sql|javascript)|text\/[a-z0-9][a-z0-9.+-]{0,60})$/;

export const mediaTypeSchema = z
  .string()
  .regex(
    MEDIA_TYPE,
    "must be image/png, image/jpeg, image/gif, image/webp, application/pdf, application/json or a text/ type",
  );

/** As people see it; no path. */
export const fileNameSchema = z
  .string()
  .min(1)
  .max(200)
  // oxlint-disable-next-line no-control-regex -- control characters are what it keeps out
  .regex(/^[^/\\\u0000-\u001f\u007f]+$/, "must be a file's name without folders and control characters");

/** What a caller names: a file of the project, or an upload of their own. */
export const attachmentNameSchema = z
  .strictObject({
    project_file: filePathSchema.optional(),
    upload_id: uuidSchema.optional(),
  })
  .refine(({ project_file, upload_id }) => (project_file === undefined) !== (upload_id === undefined), {
    message: "give either project_file or upload_id",
  });
export const attachmentNamesSchema = z.array(attachmentNameSchema).min(1).max(MAX_ATTACHMENTS);
export type AttachmentName = z.infer<typeof attachmentNameSchema>;

/** What a turn keeps of an upload: all but its bytes. */
export const uploadReferenceSchema = z.object({
  upload_id: uuidSchema,
  name: fileNameSchema,
  media_type: mediaTypeSchema,
  bytes: z.int().positive().max(MAX_ATTACHMENT_BYTES),
  sha256: sha256Schema,
});
export type UploadReference = z.infer<typeof uploadReferenceSchema>;

export const attachmentSchema = z.union([uploadReferenceSchema, z.object({ project_file: filePathSchema })]);
export const attachmentsSchema = z.array(attachmentSchema).max(MAX_ATTACHMENTS);
export type Attachment = z.infer<typeof attachmentSchema>;

/** What the log says of it. */
export function nameAttachment(attachment: Attachment): Record<string, unknown> {
  if ("project_file" in attachment) return attachment;
  const { upload_id, name, media_type, bytes } = attachment;
  return { upload_id, name, media_type, bytes };
}

/** Of the uploads: a project's files are read later. */
export function uploadedBytes(attachments: readonly Attachment[]): number {
  return attachments.reduce((sum, file) => sum + ("bytes" in file ? file.bytes : 0), 0);
}

/** True when both lists name the same files in the same order. */
export function nameSameFiles(one: readonly Attachment[], other: readonly Attachment[]): boolean {
  const ids = (list: readonly Attachment[]) =>
    list.map((attachment) => ("project_file" in attachment ? `file ${attachment.project_file}` : attachment.upload_id));
  return JSON.stringify(ids(one)) === JSON.stringify(ids(other));
}

/** The bucket's key of an upload: below its team and owner, and everything of one upload below one prefix. */
export function uploadPrefix(owner: { team_id: string; owner_id: string }, uploadId: string): string {
  return `teams/${owner.team_id}/uploads/${owner.owner_id}/${uploadId}/`;
}

/** Why a turn could not be given one of its files. */
export const ATTACHMENT_PROBLEMS = [
  /** No such regular file inside the project. */
  "file_not_found",
  /** The upload has expired. */
  "upload_gone",
  "too_large",
  /** All of them together are. */
  "all_too_large",
  "empty",
  /** Its name says an image or a PDF, and it is none. */
  "not_its_type",
  /** Neither image, PDF nor text. */
  "unsupported",
  /** The sandbox could not fetch it. */
  "not_fetched",
] as const;
export const attachmentProblemSchema = z.object({
  /** Which of the turn's attachments, from 0. */
  index: z.int().nonnegative(),
  problem: z.enum(ATTACHMENT_PROBLEMS),
});
export type AttachmentProblem = z.infer<typeof attachmentProblemSchema>;
