// The tools that checkpoints are compared with, each as its manual says, with its own defaults.
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { readVersion, run, sizeOf, type BackupTool, type ToolKind } from "./tool.ts";

type Commands = Pick<BackupTool, "save" | "restore"> & { stored: string };

function programTool(name: string, scratch: string, commands: (folder: string) => Commands): BackupTool {
  const folder = join(scratch, "files");
  mkdirSync(folder, { recursive: true });
  const { stored, ...work } = commands(folder);
  return { name, folder, ...work, storedBytes: async () => sizeOf(stored), stop: async () => {} };
}

const restic: ToolKind = {
  name: "restic",
  version: () => readVersion("restic", "version", /restic (\S+)/),
  async create(scratch) {
    const repository = join(scratch, "repository");
    const env = { RESTIC_PASSWORD: "benchmark", RESTIC_CACHE_DIR: join(scratch, "cache") };
    run("restic", ["-q", "-r", repository, "init"], { env });
    return programTool("restic", scratch, (folder) => ({
      stored: repository,
      save: async () => run("restic", ["-q", "-r", repository, "backup", "."], { cwd: folder, env }),
      restore: async () => run("restic", ["-q", "-r", repository, "restore", "latest", "--target", folder], { env }),
    }));
  },
};

const borg: ToolKind = {
  name: "borg",
  version: () => readVersion("borg", "--version", /borg (\S+)/),
  async create(scratch) {
    const repository = join(scratch, "repository");
    const env = { BORG_BASE_DIR: join(scratch, "borg"), BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: "yes" };
    run("borg", ["init", "-e", "none", repository], { env });
    let newest = 0;
    return programTool("borg", scratch, (folder) => ({
      stored: repository,
      save: async () => run("borg", ["create", `${repository}::${++newest}`, "."], { cwd: folder, env }),
      restore: async () => run("borg", ["extract", `${repository}::${newest}`], { cwd: folder, env }),
    }));
  },
};

const git: ToolKind = {
  name: "git",
  version: () => readVersion("git", "--version", /git version (\S+)/),
  async create(scratch) {
    const folder = join(scratch, "files");
    mkdirSync(folder, { recursive: true });
    const repository = join(scratch, "repository");
    const at = [
      "--git-dir",
      repository,
      "--work-tree",
      folder,
      "-c",
      "user.name=b",
      "-c",
      "user.email=b@localhost",
      "-c",
      "gc.auto=0",
    ];
    run("git", [...at, "init", "-q"]);
    return programTool("git", scratch, () => ({
      stored: repository,
      async save() {
        run("git", [...at, "add", "-A"], { cwd: folder });
        run("git", [...at, "commit", "-q", "--allow-empty", "-m", "checkpoint"], { cwd: folder });
      },
      restore: async () => run("git", [...at, "checkout", "-q", "-f", "HEAD", "--", "."], { cwd: folder }),
    }));
  },
};

const squashfs: ToolKind = {
  name: "mksquashfs + copy",
  version: () => readVersion("mksquashfs", "-version", /mksquashfs version (\S+)/),
  async create(scratch) {
    const store = join(scratch, "repository");
    mkdirSync(store);
    const image = join(scratch, "image.squashfs");
    let newest = 0;
    return programTool("mksquashfs + copy", scratch, (folder) => ({
      stored: store,
      async save() {
        run("mksquashfs", [
          folder,
          image,
          "-comp",
          "zstd",
          "-Xcompression-level",
          "3",
          "-noappend",
          "-quiet",
          "-no-progress",
        ]);
        copyFileSync(image, join(store, String(++newest)));
      },
      async restore() {
        copyFileSync(join(store, String(newest)), image);
        run("unsquashfs", ["-quiet", "-no-progress", "-f", "-d", folder, image]);
      },
    }));
  },
};

export const OTHER_TOOLS: readonly ToolKind[] = [restic, borg, git, squashfs];
