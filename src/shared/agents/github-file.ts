// Which file of which repository a GitHub link means, and the addresses that say its commit and its text.

export type GithubFile = { repository: string; ref: string; path: string };
export type GithubReading = { ok: true; file: GithubFile } | { ok: false; reason: string };

const PART = /^[\w.-]+$/;
const isPlain = (part: string): boolean => PART.test(part) && part !== "." && part !== "..";
const COMMIT = /^[0-9a-f]{40}$/;

/** A link to a file as GitHub's pages give it, or to its raw text. A branch with a slash in its name is not told from a folder. */
export function readGithubUrl(text: string): GithubReading {
  const url = URL.parse(text.trim());
  if (url === null || url.protocol !== "https:") return refuse("is no https:// address");
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.port !== "") {
    return refuse("has a user, a port or a query");
  }
  const parts = url.pathname.slice(1).split("/").map(decode);
  if (parts.some((part) => part === null || !isPlain(part.replaceAll(" ", "_")))) return refuse("is not understood");
  const [owner, name, ...rest] = parts as string[];
  if (url.hostname === "raw.githubusercontent.com") return toFile([owner, name], rest.slice(rawStart(rest)));
  if (!/^(?:www\.)?github\.com$/.test(url.hostname)) return refuse("is not of github.com");
  const [kind, ...place] = rest;
  return kind === "blob" || kind === "raw" ? toFile([owner, name], place) : refuse("is no link to a file");
}

/** The newer form of raw links says what kind of ref it names. */
const rawStart = (rest: readonly string[]): number => (rest[0] === "refs" && rest[1] === "heads" ? 2 : 0);

function toFile([owner, name]: (string | undefined)[], [ref, ...path]: string[]): GithubReading {
  if (owner === undefined || name === undefined || ref === undefined || path.length === 0) {
    return refuse("names no file of a repository");
  }
  return { ok: true, file: { repository: `${owner}/${name}`, ref, path: path.join("/") } };
}

/** Where GitHub says which commit a branch or tag is; null for a ref that is a commit. */
export function commitUrl({ repository, ref }: GithubFile): string | null {
  return COMMIT.test(ref) ? null : `https://api.github.com/repos/${repository}/commits/${encodeURIComponent(ref)}`;
}

/** The file as it is in that commit. */
export function rawUrl({ repository, path }: GithubFile, commit: string): string {
  return `https://raw.githubusercontent.com/${repository}/${commit}/${path.split("/").map(encodeURIComponent).join("/")}`;
}

/** What GitHub answers, or null for what is no commit. */
export function readCommit(text: string): string | null {
  const commit = text.trim();
  return COMMIT.test(commit) ? commit : null;
}

function decode(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

function refuse(reason: string): { ok: false; reason: string } {
  return {
    ok: false,
    reason: `The URL ${reason}. Give a link to a file, such as https://github.com/o/r/blob/main/.claude/agents/reviewer.md.`,
  };
}
