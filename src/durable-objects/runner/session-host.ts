// The Session object's side of the WebSocket to the runner. Parses what arrives; the collaborators do the work.
import { RpcTarget } from "capnweb";
import type { AssertExtends } from "../../shared/rpc/protocol.ts";
import { entryBatchSchema, type EntryBatch } from "../../shared/rpc/runner-entry.ts";
import {
  bodyPartSchema,
  attachmentReadSchema,
  bodyReadSchema,
  permissionQuestionSchema,
  previewSchema,
  runTokenRequestSchema,
  transcriptCommitSchema,
  type BodyPart,
  type AttachmentRead,
  type BodyRead,
  type PermissionDecision,
  type PermissionQuestion,
  type Preview,
  type RunTokenGrant,
  type RunTokenRequest,
  type SessionHostApi,
  type TranscriptCommit,
} from "../../shared/rpc/session-host-api.ts";
import type { SessionTokenRoute } from "../tokens.ts";

export type SessionHostParts = {
  record(batch: EntryBatch): Promise<{ acknowledged_source_seq: number }> | { acknowledged_source_seq: number };
  putBodyPart(part: BodyPart): Promise<boolean>;
  commitTranscript(commit: TranscriptCommit): Promise<number>;
  readBody(read: BodyRead): Promise<Uint8Array>;
  readAttachment(read: AttachmentRead): Promise<Uint8Array | null>;
  preview(preview: Preview): void;
  decidePermission(question: PermissionQuestion): Promise<PermissionDecision>;
  issueRunToken(runtimeId: string, route: SessionTokenRoute): Promise<RunTokenGrant>;
};

export class SessionHost extends RpcTarget {
  readonly #parts: SessionHostParts;

  constructor(parts: SessionHostParts) {
    super();
    this.#parts = parts;
  }

  async append(batch: EntryBatch): Promise<{ acknowledged_source_seq: number }> {
    return this.#parts.record(entryBatchSchema.parse(batch));
  }

  async putBodyPart(part: BodyPart): Promise<{ stored: boolean }> {
    return { stored: await this.#parts.putBodyPart(bodyPartSchema.parse(part)) };
  }

  async commitTranscript(commit: TranscriptCommit): Promise<{ transcript_version: number }> {
    return { transcript_version: await this.#parts.commitTranscript(transcriptCommitSchema.parse(commit)) };
  }

  async readBody(read: BodyRead): Promise<{ bytes: Uint8Array }> {
    return { bytes: await this.#parts.readBody(bodyReadSchema.parse(read)) };
  }

  async readAttachment(read: AttachmentRead): Promise<{ bytes: Uint8Array | null }> {
    return { bytes: await this.#parts.readAttachment(attachmentReadSchema.parse(read)) };
  }

  async preview(preview: Preview): Promise<void> {
    this.#parts.preview(previewSchema.parse(preview));
  }

  async decidePermission(question: PermissionQuestion): Promise<PermissionDecision> {
    return this.#parts.decidePermission(permissionQuestionSchema.parse(question));
  }

  async renewRunToken(request: RunTokenRequest): Promise<RunTokenGrant> {
    const { runtime_id, route } = runTokenRequestSchema.parse(request);
    return this.#parts.issueRunToken(runtime_id, route);
  }
}

/** Fails to compile when the class is not the contract. */
type _SessionHostProof = AssertExtends<SessionHost, SessionHostApi>;
