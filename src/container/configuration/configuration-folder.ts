// Lays a session's configuration out as Claude Code's user folder shows it. The files are the runner's: the agent reads
// them through links, so that nothing is ever written along a path that the agent could have bent.
import { existsSync } from "node:fs";
import { lstat, mkdir, readdir, readlink, rename, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { ConfigurationFile } from "../../shared/configuration/session-configuration.ts";
import { newId } from "../new-id.ts";

export type ConfigurationFolder = {
  /** Whatever the folder showed before; what the agent put in the place of ours is moved aside, not removed. */
  show(sha256: string, files: readonly ConfigurationFile[]): Promise<void>;
};

/** `root` is the runner's own; `configDir` is the agent's, but stands in a folder of the runner's. */
export function createConfigurationFolder({
  root,
  configDir,
}: {
  root: string;
  configDir: string;
}): ConfigurationFolder {
  return {
    async show(sha256, files) {
      const folder = join(root, sha256);
      if (!existsSync(folder)) await writeAll(root, folder, files);
      const names = new Set(files.map(({ path }) => path.split("/")[0] ?? path));
      for (const stale of await ownLinks(root, configDir)) if (!names.has(stale)) await unlink(join(configDir, stale));
      for (const name of names) await link(join(folder, name), join(configDir, name));
      for (const other of await readdir(root)) {
        if (other !== sha256) await rm(join(root, other), { recursive: true, force: true });
      }
    },
  };
}

/** Whole or not at all: a folder that is there is complete. */
async function writeAll(root: string, folder: string, files: readonly ConfigurationFile[]): Promise<void> {
  const making = `${folder}.${newId()}`;
  await mkdir(making, { recursive: true, mode: 0o755 });
  for (const { path, content, encoding, executable } of files) {
    const target = join(making, path);
    await mkdir(dirname(target), { recursive: true, mode: 0o755 });
    await writeFile(target, Buffer.from(content, encoding), { mode: executable ? 0o755 : 0o644 });
  }
  await mkdir(root, { recursive: true, mode: 0o755 });
  await rename(making, folder);
}

async function ownLinks(root: string, configDir: string): Promise<string[]> {
  const entries = await readdir(configDir, { withFileTypes: true });
  const links = entries.filter((entry) => entry.isSymbolicLink()).map(({ name }) => name);
  const targets = await Promise.all(links.map((name) => readlink(join(configDir, name)).catch(() => "")));
  return links.filter((_, index) => targets[index]?.startsWith(`${root}/`) === true);
}

/** By calls that follow no link at `at`: what stands there is the agent's choice. */
async function link(target: string, at: string): Promise<void> {
  if ((await readlink(at).catch(() => null)) === target) return;
  const found = await lstat(at).catch(() => null);
  if (found !== null && !found.isSymbolicLink()) await rename(at, `${at}.replaced-${newId()}`);
  const beside = `${at}.${newId()}`;
  await symlink(target, beside);
  await rename(beside, at);
}
