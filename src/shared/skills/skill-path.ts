// Which paths a skill's files may have: below its folder, on every disk one name for one file, and none that means more.

export const MAX_SKILL_PATH_CHARS = 200;
/** Below the skill's own folder, which lies two deep. */
const MAX_PARTS = 6;
/** Names that some systems take for devices. */
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/** What is wrong with one path; null for nothing. */
export function pathProblem(path: string): string | null {
  if (path === "" || path.length > MAX_SKILL_PATH_CHARS) return `has a name of ${path.length} characters`;
  if (path.normalize("NFC") !== path) return "is written in a way that some disks change";
  if (/[\\:*?"<>|]|\p{C}/u.test(path)) return "has characters that not every disk takes";
  const parts = path.split("/");
  if (parts.length > MAX_PARTS) return `lies more than ${MAX_PARTS} folders deep`;
  return parts.map(partProblem).find((problem) => problem !== null) ?? null;
}

function partProblem(part: string): string | null {
  if (part === "") return "is absolute, or has an empty part";
  if (part === "." || part === "..") return "leads out of the skill's folder";
  if (part.toLowerCase() === ".git") return "belongs to git";
  if (/[. ]$/.test(part) || part.startsWith(" ")) return "begins or ends with a space or a dot";
  return DEVICE.test(part) ? "has the name of a device" : null;
}

/** What is wrong with the paths together; null for nothing. */
export function pathsProblem(paths: readonly string[]): string | null {
  const files = new Set<string>();
  for (const path of paths) {
    const problem = pathProblem(path);
    if (problem !== null) return `${show(path)} ${problem}.`;
    const folded = path.toLowerCase();
    if (files.has(folded))
      return `${show(path)} is there twice, as disks see it that do not tell letters' cases apart.`;
    files.add(folded);
  }
  for (const path of files) {
    const parts = path.split("/");
    const folder = parts.map((_, index) => parts.slice(0, index).join("/")).find((prefix) => files.has(prefix));
    if (folder !== undefined) return `${show(folder)} is a file and a folder.`;
  }
  return null;
}

function show(path: string): string {
  return JSON.stringify(path.slice(0, 100));
}
