// Where the stacks of a benchmark keep their state: in memory where that is offered, as a disk that others use stalls.
import { accessSync, constants } from "node:fs";

const MEMORY = "/dev/shm";

/** Every temporary folder made from now on lies there. A TMPDIR that somebody set is kept: it is how to measure a disk. */
export function chooseStateFolder(): string {
  if (process.env["TMPDIR"] === undefined && isWritable(MEMORY)) process.env["TMPDIR"] = MEMORY;
  const folder = process.env["TMPDIR"] ?? "";
  return folder === MEMORY ? "in memory" : "on the disk of the temporary folder";
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
