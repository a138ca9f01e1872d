// The words of `git fast-import`: what a commit of a checkpoint looks like to git. Paths are bytes here as everywhere.
import type { Entry } from "../../../shared/checkpoints/format.ts";

/** What git keeps: files and symlinks, outside of repositories that lie in the workspace. It has no empty folders and no pipes. */
export function isKeptByGit(entry: Entry): entry is Extract<Entry, { type: "file" | "symlink" }> {
  if (entry.type !== "file" && entry.type !== "symlink") return false;
  return !Buffer.from(entry.path).toString("latin1").toLowerCase().split("/").includes(".git");
}

export type CommitWords = {
  branch: string;
  message: string;
  author: string;
  createdAt: string;
  mark: number;
  from: number | null;
};

export function commitWords({ branch, message, author, createdAt, mark, from }: CommitWords): Buffer {
  const person = `${author.replace(/[<>\n\0]/g, " ").trim() || "unknown"} <> ${Math.floor(Date.parse(createdAt) / 1000)} +0000`;
  const text = Buffer.from(message === "" ? "checkpoint" : message);
  const head = `commit refs/heads/${branch}\nmark :${mark}\nauthor ${person}\ncommitter ${person}\n`;
  return Buffer.concat([
    Buffer.from(`${head}data ${text.length}\n`),
    text,
    Buffer.from(from === null ? "\n" : `\nfrom :${from}\n`),
  ]);
}

export function blobWords(mark: number, size: number): Buffer {
  return Buffer.from(`blob\nmark :${mark}\ndata ${size}\n`);
}

export function putWords(entry: Entry, mark: number): Buffer {
  const mode = entry.type === "symlink" ? "120000" : (entry.mode & 0o100) === 0 ? "100644" : "100755";
  return Buffer.concat([Buffer.from(`M ${mode} :${mark} `), quotePath(entry.path), Buffer.from("\n")]);
}

export function deleteWords(path: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from("D "), quotePath(path), Buffer.from("\n")]);
}

/** In C's quotes: the same for every name, so that none is read as something else. */
function quotePath(path: Uint8Array): Buffer {
  const parts = Array.from(path, (byte) => {
    if (byte === 0x22 || byte === 0x5c) return `\\${String.fromCharCode(byte)}`;
    return byte < 0x20 || byte > 0x7e ? `\\${byte.toString(8).padStart(3, "0")}` : String.fromCharCode(byte);
  });
  return Buffer.from(`"${parts.join("")}"`, "latin1");
}
