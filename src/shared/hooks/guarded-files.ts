// Files that no hook has to read or write: what holds a token, and what would change what a session may do.
import { type FileAccess, HOLE } from "../permissions/bash/parsed-command.ts";
import { ANY_NAME, FOLDERS, GLOB, PROJECT } from "../permissions/bash/path-shape.ts";

/** Tokens and keys, ours and the person's. */
const SECRET_FILES = [
  /^~\/\.claude(?:\/|\.json$|$)/,
  /^~\/\.(?:ssh|aws|gnupg|azure|kube|docker)(?:\/|$)/,
  /^~\/\.config\/(?:gh|gcloud|git\/credentials)/,
  /^~\/\.(?:netrc|git-credentials|npmrc|pypirc|pgpass)$/,
  /^\/var\/lib\/berth(?:\/|$)/,
  /^\/proc\/[^/]+\/(?:environ|mem|maps)$/,
  /^\/etc\/(?:shadow|gshadow|sudoers)/,
  /(?:^|\/)(?:run-token|\.credentials\.json|id_(?:rsa|ed25519|ecdsa))$/,
];

/** Belong to the system, or decide what Claude Code, git and the shell do from now on. */
const GUARDED_FILES = [
  /^\/(?:etc|usr|bin|sbin|lib\d*|boot|sys|proc|root|opt|var\/lib|var\/spool)(?:\/|$)/,
  /^\/dev\/(?:sd|nvme|vd|hd|mem|kmem|disk)/,
  /^~\/\.(?:bashrc|bash_profile|profile|zshrc|zprofile|zshenv|inputrc|gitconfig|config\/git)/,
  /(?:^|\/)\.claude(?:\/|$)/,
  /(?:^|\/)\.mcp\.json$/,
  /(?:^|\/)\.git\/(?:hooks|config)(?:\/|$)/,
];

export function judgeFile({ access, path }: Pick<FileAccess, "access" | "path">): string[] {
  const shape = plain(path);
  if (SECRET_FILES.some((pattern) => pattern.test(shape))) {
    return [
      access === "read" ? "it reads a file that holds tokens or keys" : "it writes to a file that holds tokens or keys",
    ];
  }
  if (access === "write" && GUARDED_FILES.some((pattern) => pattern.test(shape))) {
    return ["it writes to the system's files, or to those that say what Claude Code, git or the shell do"];
  }
  return [];
}

/** What is not known of it stands for any name. */
function plain(path: string): string {
  const shape = [HOLE, GLOB, ANY_NAME, FOLDERS].reduce((text, stretch) => text.replaceAll(stretch, "*"), path);
  const known = shape.replace(PROJECT, ".").replace(/^\/(?:home\/[^/]+|root)(?=\/|$)/, "~");
  const names: string[] = [];
  for (const name of known.split("/").slice(1)) {
    if (name === "..") names.pop();
    else if (name !== "." && name !== "") names.push(name);
  }
  const [first = ""] = known.split("/");
  return [first, ...names].join("/") || "/";
}
