// Takes a zip apart within limits: nothing is written anywhere, no size is believed, and what is no plain file is refused.
import { configure, type Entry, Uint8ArrayReader, ZipReader } from "@zip.js/zip.js";
import { AppError } from "../../shared/errors/app-error.ts";

export type ZipFile = { path: string; bytes: Uint8Array; executable: boolean };

export type ZipLimits = {
  maxEntries: number;
  /** Of one file, and of all that are wanted. */
  maxBytes: number;
};

const FILE_TYPE = 0o170000;
const REGULAR_FILE = 0o100000;
const EXECUTABLE = 0o111;

// No threads: the Worker has none.
configure({ useWebWorkers: false });

/** The files whose paths are wanted. Paths are as they stand in the zip: whoever takes them looks at them. */
export async function readZip(
  archive: Uint8Array,
  { maxEntries, maxBytes }: ZipLimits,
  pick: (path: string) => boolean,
): Promise<ZipFile[]> {
  const reader = new ZipReader(new Uint8ArrayReader(archive));
  try {
    const files: ZipFile[] = [];
    let left = maxBytes;
    let seen = 0;
    for await (const entry of reader.getEntriesGenerator()) {
      seen += 1;
      if (seen > maxEntries) throw refused(`holds more than ${maxEntries} entries`);
      if (entry.directory || !pick(entry.filename)) continue;
      const file = await readEntry(entry, left);
      left -= file.bytes.byteLength;
      files.push(file);
    }
    return files;
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw refused("cannot be read");
  } finally {
    await reader.close().catch(() => null);
  }
}

async function readEntry(entry: Exclude<Entry, { directory: true }>, maxBytes: number): Promise<ZipFile> {
  const mode = (entry.externalFileAttributes >>> 16) & 0xffff;
  const type = mode & FILE_TYPE;
  if (type !== 0 && type !== REGULAR_FILE) throw refused("holds a link or something else that is no plain file");
  if (entry.encrypted) throw refused("is encrypted");
  const bytes = await readBytes(entry, maxBytes);
  return { path: entry.filename, bytes, executable: (mode & EXECUTABLE) !== 0 || startsWithShebang(bytes) };
}

/** What an entry says of its size is not believed: it is cut when it grows over. */
async function readBytes(entry: Exclude<Entry, { directory: true }>, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const stop = new AbortController();
  const writable = new WritableStream<Uint8Array>({
    write(chunk) {
      length += chunk.byteLength;
      if (length > maxBytes) {
        stop.abort();
        throw refused("is too large when it is unpacked");
      }
      chunks.push(chunk);
    },
  });
  try {
    await entry.getData({ writable }, { signal: stop.signal, checkSignature: true });
  } catch (error) {
    if (length > maxBytes) throw refused("is too large when it is unpacked");
    throw error;
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}

function startsWithShebang(bytes: Uint8Array): boolean {
  return bytes[0] === 0x23 && bytes[1] === 0x21;
}

function refused(why: string): AppError {
  return new AppError("skill_refused", `The archive ${why}.`);
}
