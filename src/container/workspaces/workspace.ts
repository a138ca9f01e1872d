// The workspace's folder: made ready at boot, and whether an earlier boot had it already.
import { chownSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../config.ts";

const MARKER = "workspace-seen";

/** Makes the folders. `kept` when the state folder has seen this workspace before. */
export function prepareWorkspace(config: Config): "new" | "kept" {
  mkdirSync(config.workspaceDir, { recursive: true });
  if (config.cliUser !== null) chownSync(config.workspaceDir, config.cliUser.uid, config.cliUser.gid);
  mkdirSync(join(config.stateDir, "sessions"), { recursive: true, mode: 0o711 });
  const marker = join(config.stateDir, MARKER);
  if (existsSync(marker)) return "kept";
  writeFileSync(marker, "", { mode: 0o600 });
  return "new";
}

/** True when there is anything that a fresh workspace would not have. */
export async function isWorkspaceChanged(config: Config): Promise<boolean> {
  return (await readdir(config.workspaceDir)).length > 0;
}
