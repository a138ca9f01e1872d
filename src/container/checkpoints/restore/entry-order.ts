// Holds an entry list to its form: sorted, each path once, each below a folder of the same list. What is not so was tampered with.
import { AppError } from "../../../shared/errors/app-error.ts";
import type { Entry } from "../../../shared/checkpoints/format.ts";
import { comparePaths, showPath } from "../../../shared/checkpoints/path-bytes.ts";

const SLASH = 0x2f;

/** Call it with each entry in turn. A symlink with something below it would lead a restore outside: it is refused here. */
export function createOrderCheck(): (entry: Entry) => void {
  let previous: Uint8Array | null = null;
  /** Folders whose content can still come: `a-b` lies between `a` and `a/b`. */
  const open: Folder[] = [];

  return (entry) => {
    if (previous !== null && comparePaths(previous, entry.path) >= 0) throw damaged(entry.path, "is out of order");
    previous = entry.path;
    for (let last = open.at(-1); last !== undefined && comparePaths(entry.path, last.end) >= 0; last = open.at(-1))
      open.pop();
    const parent = parentOf(entry.path);
    if (parent !== null && open.findLast(({ path }) => comparePaths(path, parent) === 0) === undefined) {
      throw damaged(entry.path, "lies below something that is no folder");
    }
    if (entry.type === "directory") open.push({ path: entry.path, end: endOf(entry.path) });
  };
}

type Folder = { path: Uint8Array; end: Uint8Array };

export function parentOf(path: Uint8Array): Uint8Array | null {
  const end = path.lastIndexOf(SLASH);
  return end < 0 ? null : path.subarray(0, end);
}

/** Everything below a folder sorts before the folder's name with the byte after `/`. */
function endOf(path: Uint8Array): Uint8Array {
  const end = new Uint8Array(path.length + 1);
  end.set(path);
  end[path.length] = SLASH + 1;
  return end;
}

function damaged(path: Uint8Array, how: string): AppError {
  return new AppError(
    "checkpoint_damaged",
    `The checkpoint's list of files does not hold together: "${showPath(path)}" ${how}. Nothing was changed; restore another checkpoint.`,
  );
}
