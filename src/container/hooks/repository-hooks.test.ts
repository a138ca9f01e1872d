import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readRepositoryHooks } from "./repository-hooks.ts";

function repository(settings: unknown): string {
  const folder = mkdtempSync(join(tmpdir(), "berth-repository-"));
  mkdirSync(join(folder, ".claude"));
  writeFileSync(
    join(folder, ".claude", "settings.json"),
    typeof settings === "string" ? settings : JSON.stringify(settings),
  );
  return folder;
}

const command = (text: string, more = {}) => ({ type: "command", command: text, ...more });

describe("a repository's hooks", () => {
  it("are read as far as they are understood and not dangerous [hooks.repository]", async () => {
    const hooks = {
      PreToolUse: [
        {
          matcher: "Bash",
          hooks: [
            command("echo ok"),
            command("rm -rf /"),
            { type: "prompt", prompt: "x" },
            command("x", { timeout: 9e9 }),
          ],
        },
        { matcher: "(a+)+$", hooks: [command("echo slow")] },
        "nonsense",
      ],
      Stop: [{ matcher: "no", hooks: [command("echo never")] }],
      SessionStart: [{ hooks: [command("echo start")] }],
      Unknown: [{ hooks: [command("echo")] }],
    };
    expect(await readRepositoryHooks(repository({ hooks, permissions: {} }))).toEqual({
      PreToolUse: [{ matcher: "Bash", hooks: [command("echo ok")] }],
      SessionStart: [{ hooks: [command("echo start")] }],
    });
  });

  it("are none where there is no file, no JSON, or a link that leads out", async () => {
    const outside = repository({ hooks: { Stop: [{ hooks: [command("echo outside")] }] } });
    const linked = mkdtempSync(join(tmpdir(), "berth-repository-"));
    symlinkSync(join(outside, ".claude"), join(linked, ".claude"));
    for (const folder of [mkdtempSync(join(tmpdir(), "berth-repository-")), repository("{"), repository([]), linked]) {
      expect(await readRepositoryHooks(folder)).toEqual({});
    }
  });
});
