// The file under a spool: lines are written at its end, read back by offset, and it is emptied as a whole.
import { closeSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";

export type SpoolFile = {
  /** The end of what was written. */
  end(): number;
  append(line: string): void;
  read(offset: number, bytes: number): Buffer;
  empty(): void;
  close(): void;
};

/** Written and read synchronously: an entry has its number and its place on disk in one step. */
export function openSpoolFile(path: string): SpoolFile {
  const file = openSync(path, "w+", 0o600);
  let end = 0;

  function append(line: string): void {
    const bytes = Buffer.from(line);
    for (let written = 0; written < bytes.length;) {
      written += writeSync(file, bytes, written, bytes.length - written, end + written);
    }
    end += bytes.length;
  }

  function read(offset: number, bytes: number): Buffer {
    const buffer = Buffer.allocUnsafe(bytes);
    for (let done = 0; done < bytes;) {
      const count = readSync(file, buffer, done, bytes - done, offset + done);
      if (count === 0) throw new Error("The spool file is shorter than what was written to it");
      done += count;
    }
    return buffer;
  }

  return {
    end: () => end,
    append,
    read,
    empty() {
      ftruncateSync(file, 0);
      end = 0;
    },
    close: () => closeSync(file),
  };
}
