// Uploads: a ticket for one PUT, the bytes that come with it, the files that a prompt names, and what has expired.
import { isOfType } from "../../shared/attachments/media-policy.ts";
import { type Attachment, type AttachmentName, uploadedBytes, uploadPrefix } from "../../shared/attachments/schema.ts";
import { AppError } from "../../shared/errors/app-error.ts";
import {
  MAX_ATTACHMENT_BYTES,
  MAX_ATTACHMENTS_BYTES,
  MAX_UPLOADS_PER_USER,
  UPLOAD_TICKET_TTL_MS,
  UPLOAD_TTL_MS,
} from "../../shared/limits.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import { readBody } from "../http/read-body.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { UploadRow, UploadStore } from "./upload-store.ts";

export type UploadTicket = { upload_id: string; url: string; ticket: string; media_type: string; expires_at: string };

export type UploadService = {
  create(principal: Principal, file: { name: string; media_type: string }): Promise<UploadTicket>;
  /** Takes the bytes, once. What is refused leaves the ticket as it was. */
  receive(uploadId: string, ticket: string, request: Request): Promise<{ upload_id: string; bytes: number }>;
  /** What a turn keeps of the files that it names; throws for one that is not the person's, or not there. */
  resolve(principal: Principal, names: readonly AttachmentName[]): Promise<Attachment[]>;
  /** Removes expired uploads, as many as one call may. */
  sweep(): Promise<void>;
};

export type UploadServiceOptions = {
  store: UploadStore;
  bucket: Pick<R2Bucket, "put" | "list" | "delete">;
  publicUrl: string;
  newId: () => string;
  newTicket: () => string;
  sha256Hex: (bytes: Uint8Array<ArrayBuffer>) => Promise<string>;
  nowMs: () => number;
  /** Goes on after the answer. */
  waitUntil: (work: Promise<unknown>) => void;
  logger: Pick<Logger, "logUnexpected">;
};

const SWEEP_ROWS = 50;
/** Each takes up to three calls, of which one request has only so many. */
const SWEEP_ROWS_BESIDE_A_CALL = 5;

export function createUploadService(options: UploadServiceOptions): UploadService {
  return {
    create: (principal, file) => create(options, principal, file),
    receive: (uploadId, ticket, request) => receive(options, { uploadId, ticket }, request),
    resolve: (principal, names) => resolve(options, principal, names),
    sweep: () => sweep(options, SWEEP_ROWS),
  };
}

const isoAt = (ms: number): string => new Date(ms).toISOString();

async function create(
  options: UploadServiceOptions,
  principal: Principal,
  { name, media_type }: { name: string; media_type: string },
): Promise<UploadTicket> {
  const { store, nowMs } = options;
  options.waitUntil(sweep(options, SWEEP_ROWS_BESIDE_A_CALL));
  if ((await store.countHeld(principal, isoAt(nowMs()))) >= MAX_UPLOADS_PER_USER) {
    const message = `You have ${MAX_UPLOADS_PER_USER} uploads already. Each is removed a day after it was made; try again then.`;
    throw new AppError("too_many_uploads", message);
  }
  const ticket = options.newTicket();
  const row = {
    id: options.newId(),
    teamId: principal.team_id,
    ownerId: principal.user_id,
    name,
    mediaType: media_type,
    ticketSha256: await hashTicket(options, ticket),
    ticketExpiresAt: isoAt(nowMs() + UPLOAD_TICKET_TTL_MS),
    createdAt: isoAt(nowMs()),
    expiresAt: isoAt(nowMs() + UPLOAD_TTL_MS),
  };
  await store.add(row);
  const url = `${options.publicUrl}/uploads/${row.id}`;
  return { upload_id: row.id, url, ticket, media_type, expires_at: row.ticketExpiresAt };
}

async function receive(
  options: UploadServiceOptions,
  { uploadId, ticket }: { uploadId: string; ticket: string },
  request: Request,
): Promise<{ upload_id: string; bytes: number }> {
  const row = await checkTicket(options, uploadId, ticket);
  const bytes = await readBody(request, MAX_ATTACHMENT_BYTES);
  if (bytes.length === 0)
    throw new AppError("upload_refused", "The upload is empty. Send the file's bytes as the body.");
  if (!isOfType(row.mediaType, bytes)) {
    const message = `The bytes are no ${row.mediaType}. Send the file that create_upload was asked for, or ask again with its own media_type.`;
    throw new AppError("upload_refused", message);
  }
  const sha256 = await options.sha256Hex(bytes);
  const key = keyOf(row, sha256);
  await options.bucket.put(key, bytes, { sha256 });
  // The bytes first: a row never names what is not there. What a cut leaves under the prefix goes with the upload.
  if (!(await options.store.fill(uploadId, { sha256, bytes: bytes.length }, isoAt(options.nowMs())))) {
    const winner = await options.store.find(uploadId);
    if (winner?.sha256 !== sha256) await options.bucket.delete(key);
    // Without bytes the row was not taken by anybody else: its time is over.
    throw winner === null || winner.sha256 === null ? expired() : used();
  }
  return { upload_id: uploadId, bytes: bytes.length };
}

/** Before the body is read: only its ticket opens an upload, and only until its bytes have come. */
async function checkTicket(options: UploadServiceOptions, uploadId: string, ticket: string): Promise<UploadRow> {
  const row = await options.store.find(uploadId);
  if (row === null || row.ticketSha256 !== (await hashTicket(options, ticket))) {
    throw new AppError("upload_ticket_refused", "This ticket opens no upload. create_upload gives a new one.");
  }
  if (row.sha256 !== null) throw used();
  if (row.ticketExpiresAt <= isoAt(options.nowMs())) {
    throw expired();
  }
  return row;
}

function expired(): AppError {
  return new AppError("upload_ticket_refused", "This ticket has expired. create_upload gives a new one.");
}

function used(): AppError {
  const message = "This ticket was used already: the file that came first stays. create_upload gives a new one.";
  return new AppError("upload_ticket_refused", message);
}

async function resolve(
  { store, nowMs }: UploadServiceOptions,
  principal: Principal,
  names: readonly AttachmentName[],
): Promise<Attachment[]> {
  const ids = names.flatMap(({ upload_id }) => upload_id ?? []);
  const found = ids.length === 0 ? [] : await store.findComplete(principal, ids, isoAt(nowMs()));
  const attachments = names.map(({ project_file, upload_id }): Attachment => {
    if (project_file !== undefined) return { project_file };
    const upload = found.find((reference) => reference.upload_id === upload_id);
    if (upload === undefined) throw notThere();
    return upload;
  });
  if (uploadedBytes(attachments) > MAX_ATTACHMENTS_BYTES) {
    const message = `The attachments are larger than ${MAX_ATTACHMENTS_BYTES} bytes together. Name fewer.`;
    throw new AppError("attachment_refused", message);
  }
  return attachments;
}

function notThere(): AppError {
  const message =
    "There is no such upload, it has expired, or its file was not sent. create_upload gives an address to send it to.";
  return new AppError("attachment_not_found", message);
}

/** One that cannot be removed now is found again and keeps no other one from being removed. */
async function sweep(options: UploadServiceOptions, maxRows: number): Promise<void> {
  for (const row of await options.store.findExpired(isoAt(options.nowMs()), maxRows)) {
    try {
      await remove(options, row);
    } catch (error) {
      options.logger.logUnexpected("upload_not_removed", error, { upload_id: row.id });
    }
  }
}

/** Bytes first: a row that stays is found again, an object without a row never. */
async function remove({ store, bucket }: UploadServiceOptions, row: UploadRow): Promise<void> {
  const { objects } = await bucket.list({ prefix: uploadPrefix(ownerOf(row), row.id) });
  if (objects.length > 0) await bucket.delete(objects.map(({ key }) => key));
  await store.remove(row.id);
}

function ownerOf(row: Pick<UploadRow, "teamId" | "ownerId">): { team_id: string; owner_id: string } {
  return { team_id: row.teamId, owner_id: row.ownerId };
}

function keyOf(row: UploadRow, sha256: string): string {
  return uploadPrefix(ownerOf(row), row.id) + sha256;
}

function hashTicket({ sha256Hex }: UploadServiceOptions, ticket: string): Promise<string> {
  return sha256Hex(Uint8Array.from(new TextEncoder().encode(ticket)));
}
