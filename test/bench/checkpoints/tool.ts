// What each of the compared tools can do, and how those are run that are programs.
import { execFileSync } from "node:child_process";
import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";

export type BackupTool = {
  name: string;
  /** The folder that it saves and restores. The files are put there before. */
  readonly folder: string;
  /** Keeps the folder's present state, stored and named, when it comes back. */
  save(): Promise<void>;
  /** Makes the folder what was saved last: it is empty, or some files of it were changed. */
  restore(): Promise<void>;
  /** Lets go of what it keeps on this machine besides the files. */
  forget?(): void;
  storedBytes(): Promise<number>;
  /** Highest resident memory in bytes of what reads the files, where that can be told. */
  peakMemory?(): number;
  stop(): Promise<void>;
};

/** Null where the program is not installed. */
export type ToolKind = { name: string; version(): string | null; create(scratch: string): Promise<BackupTool> };

export function readVersion(program: string, argument: string, pattern: RegExp): string | null {
  try {
    const text = execFileSync(program, [argument], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    return pattern.exec(text)?.[1] ?? null;
  } catch (error) {
    // mksquashfs tells its version and says that it failed.
    const text = error instanceof Error && "stdout" in error ? String(error.stdout) : "";
    return pattern.exec(text)?.[1] ?? null;
  }
}

export function run(
  program: string,
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
) {
  execFileSync(program, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "ignore", "inherit"],
  });
}

export function sizeOf(path: string): number {
  const stat = lstatSync(path);
  if (!stat.isDirectory()) return stat.size;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}
