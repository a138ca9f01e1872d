// Finds out whether a conversation can be resumed: whether its transcript holds anything that was said.
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";

/** True when the conversation can be resumed; a transcript without a conversation is removed, as it could be neither resumed nor begun. */
export async function canResume(configDir: string, claudeSessionId: string): Promise<boolean> {
  const path = await findTranscript(configDir, claudeSessionId);
  if (path === null) return false;
  const text = await readFile(path, "utf8");
  if (/"type":\s*"(?:user|assistant)"/.test(text)) return true;
  await rm(path, { force: true });
  return false;
}

async function findTranscript(configDir: string, claudeSessionId: string): Promise<string | null> {
  const projects = join(configDir, "projects");
  const names = await readdir(projects).catch((): string[] => []);
  for (const name of names) {
    const files = await readdir(join(projects, name)).catch((): string[] => []);
    if (files.includes(`${claudeSessionId}.jsonl`)) return join(projects, name, `${claudeSessionId}.jsonl`);
  }
  return null;
}
