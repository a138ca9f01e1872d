// Finds out whether a conversation can be resumed: whether its transcript holds anything that was said.
import { createReadStream } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";

/** True when the conversation can be resumed; a transcript without a conversation is removed, as it could be neither resumed nor begun. */
export async function canResume(configDir: string, claudeSessionId: string): Promise<boolean> {
  const path = await findTranscript(configDir, claudeSessionId);
  if (path === null) return false;
  if (await holdsConversation(path)) return true;
  await rm(path, { force: true });
  return false;
}

const SAID = /"type":\s*"(?:user|assistant)"/;
/** Longer than what is looked for. */
const OVERLAP_CHARACTERS = 64;

/** A transcript may be long, and what is looked for stands near its beginning. */
async function holdsConversation(path: string): Promise<boolean> {
  let end = "";
  for await (const chunk of createReadStream(path, { encoding: "utf8" })) {
    const text = end + String(chunk);
    if (SAID.test(text)) return true;
    end = text.slice(-OVERLAP_CHARACTERS);
  }
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
