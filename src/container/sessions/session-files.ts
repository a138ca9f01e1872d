// Where a session keeps its things, and who may read them: the spool is the runner's, the rest is the CLI's.
import { chownSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { CliUser } from "../config.ts";

export type SessionFiles = { spool: string; token: string; configDir: string; homeDir: string };

export function prepareSessionFiles(stateDir: string, sessionId: string, user: CliUser): SessionFiles {
  const folder = join(stateDir, "sessions", sessionId);
  const files = {
    spool: join(folder, "spool.jsonl"),
    token: join(folder, "run-token"),
    configDir: join(folder, "claude"),
    homeDir: join(folder, "home"),
  };
  // Others may pass through to what is theirs, and list nothing.
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  for (const own of [files.configDir, files.homeDir]) {
    mkdirSync(own, { recursive: true, mode: 0o700 });
    if (user !== null) chownSync(own, user.uid, user.gid);
  }
  return files;
}
