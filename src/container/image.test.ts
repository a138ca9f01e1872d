// What the image installs is what the repository is tested with.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const readJson = (path: string): unknown => JSON.parse(readFileSync(join(import.meta.dirname, path), "utf8"));
type Locked = { packages: Record<string, { version?: string; integrity?: string }> };

describe("the image's packages", () => {
  const own = readJson("./package.json") as { dependencies: Record<string, string> };
  const ownLock = readJson("./package-lock.json") as Locked;
  const rootLock = readJson("../../package-lock.json") as Locked;

  it("are the runner's imports, in the versions of the repository's lockfile [runner.image_versions]", () => {
    expect(Object.keys(own.dependencies)).toEqual(["@anthropic-ai/claude-agent-sdk", "capnweb", "ignore", "ws", "zod"]);
    for (const [name, version] of Object.entries(own.dependencies)) {
      expect(version).toBe(rootLock.packages[`node_modules/${name}`]?.version);
    }
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
