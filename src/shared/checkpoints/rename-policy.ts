// Finds what was moved among what was added and removed: files by equal content, and folders all of whose files moved together.

/** `content`: the same text for the same content; null for what is never taken for a move, such as an empty file. */
export type Moveable = { path: string; type: "file" | "directory" | "symlink" | "fifo"; content: string | null };
export type Move = { from: string; to: string };
export type FolderMove = Move & { files: number };
export type Moves = { files: Move[]; folders: FolderMove[] };

export function findMoves(removed: readonly Moveable[], added: readonly Moveable[]): Moves {
  const files = pairFiles(removed, added);
  return { files, folders: findFolders(removed, added, files) };
}

/** Each file is half of one move at most; of several with the same content, one of the same name goes first. */
function pairFiles(removed: readonly Moveable[], added: readonly Moveable[]): Move[] {
  const byContent = new Map<string, string[]>();
  for (const { path, content } of removed) {
    if (content !== null) byContent.set(content, [...(byContent.get(content) ?? []), path]);
  }
  const wanting = added.filter(({ content }) => content !== null && byContent.has(content));
  const moves: Move[] = [];
  const take = (to: string, content: string | null, isFitting: (from: string) => boolean): boolean => {
    const sources = byContent.get(content ?? "") ?? [];
    const at = sources.findIndex(isFitting);
    const [from] = at < 0 ? [] : sources.splice(at, 1);
    if (from !== undefined) moves.push({ from, to });
    return from !== undefined;
  };
  const left = wanting.filter(({ path, content }) => !take(path, content, (from) => lastPart(from) === lastPart(path)));
  for (const { path, content } of left) take(path, content, () => true);
  return moves.sort((left, right) => (left.to < right.to ? -1 : 1));
}

/** A folder moved when it is gone, its new place is new, and every file that was in it is there under the same name. */
function findFolders(removed: readonly Moveable[], added: readonly Moveable[], moves: readonly Move[]): FolderMove[] {
  const gone = new Set(removed.filter(({ type }) => type === "directory").map(({ path }) => path));
  const fresh = new Set(added.filter(({ type }) => type === "directory").map(({ path }) => path));
  const counts = countFiles(removed);
  const together = new Map<string, FolderMove>();
  for (const move of moves) {
    for (const { from, to } of foldersOf(move)) {
      if (!gone.has(from) || !fresh.has(to)) continue;
      const known = together.get(`${from}\0${to}`) ?? { from, to, files: 0 };
      together.set(`${from}\0${to}`, { ...known, files: known.files + 1 });
    }
  }
  const whole = [...together.values()].filter(({ from, files }) => counts.get(from) === files);
  return withoutInner(whole);
}

/** The pairs of folders whose files below have the same path: `a/x/f` to `b/x/f` are `a/x` to `b/x`, and `a` to `b`. */
function foldersOf({ from, to }: Move): Move[] {
  const [left, right] = [from.split("/"), to.split("/")];
  const pairs: Move[] = [];
  while (left.length > 1 && right.length > 1 && left.at(-1) === right.at(-1)) {
    left.pop();
    right.pop();
    pairs.push({ from: left.join("/"), to: right.join("/") });
  }
  return pairs;
}

function countFiles(removed: readonly Moveable[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { path, type } of removed) {
    if (type === "directory") continue;
    const parts = path.split("/");
    for (parts.pop(); parts.length > 0; parts.pop()) {
      const folder = parts.join("/");
      counts.set(folder, (counts.get(folder) ?? 0) + 1);
    }
  }
  return counts;
}

/** What moved with the folder around it is not told again. */
function withoutInner(moves: readonly FolderMove[]): FolderMove[] {
  const isInner = (move: FolderMove) =>
    moves.some((outer) => move.from.startsWith(`${outer.from}/`) && move.to.startsWith(`${outer.to}/`));
  return moves.filter((move) => !isInner(move)).sort((left, right) => (left.from < right.from ? -1 : 1));
}

const lastPart = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
