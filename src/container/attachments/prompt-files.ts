// Gathers the files that a turn's prompt names and makes them part of it. Nothing is asked of the model before all are there.
import { setTimeout } from "node:timers/promises";
import type { Attachment, AttachmentProblem } from "../../shared/attachments/schema.ts";
import { MAX_ATTACHMENTS_BYTES } from "../../shared/limits.ts";
import type { TurnStart } from "../../shared/rpc/runner-session-api.ts";
import type { HostLink } from "../rpc/host-link.ts";
import { withDeadline } from "../rpc/host-link.ts";
import { AttachmentError } from "./attachment-error.ts";
import { type ContentBlock, toContentBlock } from "./content-block.ts";
import { fetchUpload, type ReadPart } from "./fetch-upload.ts";
import { readProjectFile } from "./read-project-file.ts";

export type PromptContent = string | ContentBlock[];
/** The prompt with its files, or what is wrong with the first that is. */
export type Gathered = { content: PromptContent; bytes: number } | { problem: AttachmentProblem };

/** `isWanted`: false once the turn is stopped or over. */
export type PromptFiles = { gather(turn: TurnStart, isWanted: () => boolean): Promise<Gathered> };

type Parts = { workspaceDir: string; runtimeId: string; link: HostLink };

/** How long one part is tried for, over whichever links there are, before the turn is given up. */
const TRY_MS = 60_000;
const PART_MS = 30_000;
const AGAIN_MS = 500;

export function createPromptFiles({ workspaceDir, runtimeId, link }: Parts): PromptFiles {
  const readerOf =
    (turnId: string, isWanted: () => boolean): ReadPart =>
    async (read) => {
      const signal = AbortSignal.timeout(TRY_MS);
      const request = { runtime_id: runtimeId, turn_id: turnId, ...read };
      while (isWanted()) {
        const connection = await link.whenConnected(signal);
        if (connection === null) break;
        try {
          return (await withDeadline(connection.host.readAttachment(request), PART_MS)).bytes;
        } catch {
          // The link may be cut, or the object start anew, in the middle of any call.
          await setTimeout(AGAIN_MS);
        }
      }
      throw new AttachmentError("not_fetched");
    };

  const readOne = (attachment: Attachment, readPart: ReadPart): Promise<Buffer> =>
    "project_file" in attachment
      ? readProjectFile(workspaceDir, attachment.project_file)
      : fetchUpload(attachment, readPart);

  return {
    async gather(turn, isWanted) {
      const attachments = turn.attachments ?? [];
      if (attachments.length === 0) return { content: turn.prompt, bytes: 0 };
      const blocks: ContentBlock[] = [];
      let total = 0;
      for (const [index, attachment] of attachments.entries()) {
        try {
          const bytes = await readOne(attachment, readerOf(turn.turn_id, isWanted));
          total += bytes.length;
          if ((turn.attached_bytes ?? 0) + total > MAX_ATTACHMENTS_BYTES) throw new AttachmentError("all_too_large");
          blocks.push(
            { type: "text", text: `File ${index + 1}: ${nameOf(attachment)}` },
            toContentBlock(nameOf(attachment), bytes),
          );
        } catch (error) {
          return { problem: { index, problem: error instanceof AttachmentError ? error.problem : "not_fetched" } };
        }
      }
      return { content: [...blocks, { type: "text", text: turn.prompt }], bytes: total };
    },
  };
}

function nameOf(attachment: Attachment): string {
  return "project_file" in attachment ? attachment.project_file : attachment.name;
}
