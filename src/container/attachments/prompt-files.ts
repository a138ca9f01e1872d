// Gathers the files that a turn's prompt names and makes them part of it. Nothing is asked of the model before all are there.
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
export type Gathered = { content: PromptContent } | { problem: AttachmentProblem };

export type PromptFiles = { gather(turn: TurnStart): Promise<Gathered> };

type Parts = { workspaceDir: string; runtimeId: string; link: HostLink };

/** How long a link may stay away before the turn is given up. */
const LINK_MS = 60_000;
const PART_MS = 30_000;

export function createPromptFiles({ workspaceDir, runtimeId, link }: Parts): PromptFiles {
  const readerOf =
    (turnId: string): ReadPart =>
    async (read) => {
      const connection = await link.whenConnected(AbortSignal.timeout(LINK_MS));
      if (connection === null) throw new AttachmentError("not_fetched");
      const request = { runtime_id: runtimeId, turn_id: turnId, ...read };
      return (await withDeadline(connection.host.readAttachment(request), PART_MS)).bytes;
    };

  const readOne = (attachment: Attachment, readPart: ReadPart): Promise<Buffer> =>
    "project_file" in attachment
      ? readProjectFile(workspaceDir, attachment.project_file)
      : fetchUpload(attachment, readPart);

  return {
    async gather(turn) {
      const attachments = turn.attachments ?? [];
      if (attachments.length === 0) return { content: turn.prompt };
      const blocks: ContentBlock[] = [];
      let total = 0;
      for (const [index, attachment] of attachments.entries()) {
        try {
          const bytes = await readOne(attachment, readerOf(turn.turn_id));
          total += bytes.length;
          if (total > MAX_ATTACHMENTS_BYTES) throw new AttachmentError("all_too_large");
          blocks.push(
            { type: "text", text: `File ${index + 1}: ${nameOf(attachment)}` },
            toContentBlock(nameOf(attachment), bytes),
          );
        } catch (error) {
          return { problem: { index, problem: error instanceof AttachmentError ? error.problem : "not_fetched" } };
        }
      }
      return { content: [...blocks, { type: "text", text: turn.prompt }] };
    },
  };
}

function nameOf(attachment: Attachment): string {
  return "project_file" in attachment ? attachment.project_file : attachment.name;
}
