import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { takeBackEnvironment } from "../configuration/repository-environment.ts";
import { readRepositoryServers } from "../mcp-servers/repository-servers.ts";
import { readSmallText } from "./read-small-text.ts";

let base: string;
let workspace: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "berth-small-"));
  workspace = join(base, "workspace");
  mkdirSync(join(workspace, ".claude"), { recursive: true });
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

describe("a small text of the repository", () => {
  it("is read where it is a file inside, and is none where it is missing or too large [configuration.repository]", async () => {
    writeFileSync(join(workspace, "a.json"), "{}");
    expect(await readSmallText(workspace, "a.json", 2)).toBe("{}");
    expect(await readSmallText(workspace, "a.json", 1)).toBeNull();
    expect(await readSmallText(workspace, "b.json", 9)).toBeNull();
  });

  it("is not followed out of the workspace, and a pipe is not waited for [configuration.repository]", async () => {
    writeFileSync(join(base, "outside.json"), JSON.stringify({ env: { LD_PRELOAD: "x" } }));
    symlinkSync(join(base, "outside.json"), join(workspace, ".claude", "settings.json"));
    expect(await readSmallText(workspace, ".claude/settings.json", 1000)).toBeNull();
    execFileSync("mkfifo", [join(workspace, ".mcp.json")]);
    expect(await readRepositoryServers(workspace, [])).toEqual({});
    rmSync(join(workspace, ".claude", "settings.json"));
    execFileSync("mkfifo", [join(workspace, ".claude", "settings.json")]);
    expect(await takeBackEnvironment(workspace, {})).not.toHaveProperty("LD_PRELOAD");
  });
});
