// What the image installs is what the repository is tested with.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";

const readJson = (path: string): unknown => JSON.parse(readFileSync(join(import.meta.dirname, path), "utf8"));
type Locked = { packages: Record<string, { version?: string; integrity?: string }> };

const IMPORT = /^(?:import|export)\s+(?!type\b)[^;]*?from\s+"([^"]+)"/gm;
const alphabetically = (one: string, other: string): number => one.localeCompare(other);

/** The packages that a program imports, through all files that it imports. */
function packagesOf(entry: string): Set<string> {
  const [packages, seen] = [new Set<string>(), new Set<string>()];
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const [, name = ""] of readFileSync(file, "utf8").matchAll(IMPORT)) {
      if (name.startsWith(".")) visit(join(dirname(file), name));
      else if (!name.startsWith("node:")) packages.add(name);
    }
  };
  visit(join(import.meta.dirname, entry));
  return packages;
}

describe("the image's packages", () => {
  const own = readJson("./package.json") as { dependencies: Record<string, string> };
  const ownLock = readJson("./package-lock.json") as Locked;
  const rootLock = readJson("../../package-lock.json") as Locked;

  it("are the runner's imports, in the versions of the repository's lockfile [runner.image_versions]", () => {
    expect(Object.keys(own.dependencies)).toEqual([
      "@anthropic-ai/claude-agent-sdk",
      "capnweb",
      "ignore",
      "unbash",
      "ws",
      "zod",
    ]);
    for (const [name, version] of Object.entries(own.dependencies)) {
      expect(version).toBe(rootLock.packages[`node_modules/${name}`]?.version);
    }
  });

  it("are all that the runner and its engine import, also by way of what is shared [runner.image_versions]", () => {
    const imported = new Set(["main.ts", "checkpoints/engine/main.ts"].flatMap((entry) => [...packagesOf(entry)]));
    expect([...imported].toSorted(alphabetically)).toEqual(Object.keys(own.dependencies).toSorted(alphabetically));
  });

  it("are locked to the same contents as in the repository's lockfile", () => {
    const locked = Object.entries(ownLock.packages).filter(([path]) => path !== "");
    expect(locked.length).toBeGreaterThan(4);
    for (const [path, { version, integrity }] of locked) {
      expect({ path, version, integrity }).toEqual({
        path,
        version: rootLock.packages[path]?.version,
        integrity: rootLock.packages[path]?.integrity,
      });
    }
  });
});
