// Where Claude Code keeps a session's transcripts, and which files there are: the main one, sub-agents', their metadata.
import { readdirSync, statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { MAX_TRANSCRIPT_FILES, transcriptPathSchema } from "../../shared/transcripts/schema.ts";

/** Claude Code names the folder after the working directory. */
export function transcriptFolder(configDir: string, workspaceDir: string): string {
  return join(configDir, "projects", workspaceDir.replace(/[^A-Za-z0-9]/g, "-"));
}

/** A file as it was at one moment. It only ever grows, so these bytes stay what they are. */
export type FileSize = { path: string; bytes: number };

/** Sorted by path. Files with names that a manifest does not take, and empty ones, are left out. */
export function listTranscriptFiles(folder: string): FileSize[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => ({ path: relative(folder, file), bytes: statSync(file).size }))
    .filter(({ path, bytes }) => bytes > 0 && transcriptPathSchema.safeParse(path).success);
  return files.sort((a, b) => (a.path < b.path ? -1 : 1)).slice(0, MAX_TRANSCRIPT_FILES);
}

/** Null when there is none of that conversation. */
export async function findTranscript(configDir: string, claudeSessionId: string): Promise<string | null> {
  const projects = join(configDir, "projects");
  const names = await readdir(projects).catch((): string[] => []);
  for (const name of names) {
    const files = await readdir(join(projects, name)).catch((): string[] => []);
    if (files.includes(`${claudeSessionId}.jsonl`)) return join(projects, name, `${claudeSessionId}.jsonl`);
  }
  return null;
}
