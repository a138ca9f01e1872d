// Reads a part of one regular file: as text where the bytes are UTF-8, else as base64.
import { constants, type FileHandle, open } from "node:fs/promises";
import type { FileContent, ReadFile } from "../../shared/rpc/runner-workspace-api.ts";
import { isOpenedInside, notFound, resolveInside } from "./safe-path.ts";

export async function readWorkspaceFile(workspaceDir: string, request: ReadFile): Promise<FileContent> {
  const { file, size } = await openWorkspaceFile(workspaceDir, request.path);
  try {
    const buffer = Buffer.alloc(request.limit);
    const { bytesRead } = await file.read(buffer, 0, request.limit, request.offset);
    const isEnd = request.offset + bytesRead >= size;
    return {
      path: request.path,
      offset: request.offset,
      size,
      ...encode(buffer.subarray(0, bytesRead), isEnd),
    };
  } finally {
    await file.close();
  }
}

/** A regular file that really lies inside the workspace. Whoever asked closes it. */
export async function openWorkspaceFile(
  workspaceDir: string,
  path: string,
): Promise<{ file: FileHandle; size: number }> {
  const real = await resolveInside(workspaceDir, path);
  // The path is resolved already: a link in its place now was put there meanwhile. A pipe must not be waited for.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(real, flags).catch(() => null);
  if (file === null) throw notFound(path);
  const stats = await file.stat();
  if (stats.isFile() && (await isOpenedInside(workspaceDir, file))) return { file, size: stats.size };
  await file.close();
  throw notFound(path);
}

function encode(bytes: Buffer, isEnd: boolean): Pick<FileContent, "encoding" | "content" | "bytes"> {
  const whole = isEnd ? bytes : withoutCutCharacter(bytes);
  try {
    const content = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(whole);
    if (!content.includes("\0")) return { encoding: "utf-8", content, bytes: whole.length };
  } catch {
    // No text, then.
  }
  return { encoding: "base64", content: bytes.toString("base64"), bytes: bytes.length };
}

/** A part may end within a character; the next part begins with it. */
function withoutCutCharacter(bytes: Buffer): Buffer {
  for (let back = 1; back <= Math.min(3, bytes.length - 1); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return bytes;
    if (byte < 0xc0) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return length > back ? bytes.subarray(0, bytes.length - back) : bytes;
  }
  return bytes;
}
