// Where a session keeps its things, and who may read them: the spool is the runner's, the rest is the CLI's.
import { chownSync, mkdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { CliUser } from "../config.ts";

export type SessionFiles = { spool: string; token: string; configDir: string; homeDir: string; configuration: string };

export function prepareSessionFiles(stateDir: string, sessionId: string, user: CliUser): SessionFiles {
  const folder = folderOf(stateDir, sessionId);
  const files = {
    spool: join(folder, "spool.jsonl"),
    token: join(folder, "run-token"),
    configDir: join(folder, "claude"),
    homeDir: join(folder, "home"),
    configuration: join(folder, "configuration"),
  };
  // Others may pass through to what is theirs, and list nothing.
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  for (const own of [files.configDir, files.homeDir]) {
    mkdirSync(own, { recursive: true, mode: 0o700 });
    if (user !== null) chownSync(own, user.uid, user.gid);
  }
  return files;
}

/** A CLI that was killed may leave a file behind its back: the removal is tried again. */
export async function removeSessionFiles(stateDir: string, sessionId: string): Promise<void> {
  await rm(folderOf(stateDir, sessionId), { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

function folderOf(stateDir: string, sessionId: string): string {
  return join(stateDir, "sessions", sessionId);
}
