// Reads a whole file of the project for a prompt, within its size, by the rules of every read in the workspace.
import type { FileHandle } from "node:fs/promises";
import { MAX_ATTACHMENT_BYTES } from "../../shared/limits.ts";
import { openWorkspaceFile } from "../workspaces/read-file.ts";
import { AttachmentError } from "./attachment-error.ts";

export async function readProjectFile(workspaceDir: string, path: string): Promise<Buffer> {
  const opened = await openWorkspaceFile(workspaceDir, path).catch(() => {
    throw new AttachmentError("file_not_found");
  });
  try {
    if (opened.size > MAX_ATTACHMENT_BYTES) throw new AttachmentError("too_large");
    return await readWithin(opened.file);
  } finally {
    await opened.file.close();
  }
}

/** The file may grow while it is read. */
async function readWithin(file: FileHandle): Promise<Buffer> {
  const buffer = Buffer.alloc(MAX_ATTACHMENT_BYTES + 1);
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length, length);
    if (bytesRead === 0) return buffer.subarray(0, length);
    length += bytesRead;
  }
  throw new AttachmentError("too_large");
}
