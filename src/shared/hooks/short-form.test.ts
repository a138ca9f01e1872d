import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HOOK_EVENT_NAMES } from "./hook-events.ts";
import { hooksConfigSchema } from "./hook-schema.ts";
import { readHooks } from "./short-form.ts";

const command = (text: string, more: object = {}) => ({ type: "command", command: text, ...more });

describe("the hooks that people write", () => {
  it.each<[string, unknown, unknown]>([
    [
      "Claude Code's own form",
      { Stop: [{ hooks: [command("npm test")] }] },
      { Stop: [{ hooks: [command("npm test")] }] },
    ],
    ["the short form", { Stop: { command: "npm test" } }, { Stop: [{ hooks: [command("npm test")] }] }],
    [
      "a rule as the condition",
      { PreToolUse: { command: "x", timeout: 5, condition: "Bash(git *)" } },
      { PreToolUse: [{ hooks: [command("x", { timeout: 5, if: "Bash(git *)" })] }] },
    ],
    [
      "an MCP server as the condition",
      { PreToolUse: { command: "x", condition: "mcp__github" } },
      { PreToolUse: [{ hooks: [command("x", { if: "mcp__github" })] }] },
    ],
    [
      "names of tools as the condition",
      { PostToolUse: { command: "x", condition: "Edit|Write" } },
      { PostToolUse: [{ matcher: "Edit|Write", hooks: [command("x")] }] },
    ],
    [
      "a value of an event without a tool",
      { SessionStart: { command: "x", condition: "startup" } },
      { SessionStart: [{ matcher: "startup", hooks: [command("x")] }] },
    ],
    [
      "a list of both forms",
      { Stop: [{ command: "a" }, { hooks: [command("b")] }] },
      { Stop: [{ hooks: [command("a")] }, { hooks: [command("b")] }] },
    ],
  ])("are read: %s [hooks.formats]", (_name, written, read) => {
    expect(readHooks(written)).toEqual({ ok: true, hooks: read });
  });

  it("are read for every event of Claude Code", async () => {
    const { HOOK_EVENTS } = await import("@anthropic-ai/claude-agent-sdk");
    expect([...HOOK_EVENT_NAMES].sort()).toEqual([...HOOK_EVENTS].sort());
    for (const event of HOOK_EVENTS) expect(readHooks({ [event]: { command: "true" } })).toMatchObject({ ok: true });
  });

  it.each<[unknown, string]>([
    [{ BeforeTool: { command: "x" } }, "no event of Claude Code"],
    [{ Stop: { command: "x", cwd: "/" } }, "unknown fields"],
    [{ Stop: [{ hooks: [command("x", { retries: 1 })] }] }, "unknown fields: retries"],
    [{ Stop: [{ hooks: [{ type: "prompt", prompt: "x" }] }] }, "command or http"],
    [{ Stop: { command: "" } }, "Stop.0.hooks.0.command"],
    [{ Stop: { command: "x", timeout: 0 } }, "timeout"],
    [{ Stop: { command: "x", timeout: 10_000 } }, "timeout"],
    [{ Stop: [{ matcher: "Bash", hooks: [command("x")] }] }, "takes no matcher"],
    [{ PreToolUse: { command: "x", condition: "Bash()" } }, "empty brackets"],
    [{ PreToolUse: { command: "x", condition: "(a+)+$" } }, "regular expression"],
    [{ Stop: [{ hooks: [command("x", { if: "Bash(ls)" })] }] }, "only events about a tool call"],
    [{ Stop: [{ hooks: [{ type: "http", url: "http://example.com" }] }] }, "https"],
    [{ Stop: [{ hooks: [{ type: "http", url: "https://a:b@example.com" }] }] }, "user or password"],
    [{ Stop: [{ hooks: [{ type: "http", url: "file:///etc/passwd" }] }] }, "https"],
    [
      { Stop: [{ hooks: [{ type: "http", url: "https://e.com", headers: { Authorization: "x" } }] }] },
      "carries a secret",
    ],
    [{ Stop: [{ hooks: [{ type: "http", url: "https://e.com", headers: { A: "b\r\nC: d" } }] }] }, "line break"],
    [{ Stop: Array.from({ length: 51 }, () => ({ command: "x" })) }, "Stop"],
    [[], "an object"],
    ["x", "an object"],
  ])("are refused with the place and the reason: %j", (written, reason) => {
    expect(readHooks(written)).toEqual({ ok: false, reason: expect.stringContaining(reason) });
  });

  it("never throw, whatever they are, and what is read is read again as the same", () => {
    const event = fc.constantFrom("PreToolUse", "Stop", "SessionStart", "Nothing");
    const entry = fc.record(
      { command: fc.string(), timeout: fc.integer({ min: -1, max: 700 }), condition: fc.string() },
      { requiredKeys: [] },
    );
    let read = 0;
    fc.assert(
      fc.property(
        fc.oneof(fc.anything(), fc.dictionary(event, fc.oneof(entry, fc.array(entry), fc.anything()))),
        (value) => {
          const reading = readHooks(value);
          if (!reading.ok) return;
          read += 1;
          expect(readHooks(hooksConfigSchema.parse(reading.hooks))).toEqual(reading);
        },
      ),
    );
    expect(read).toBeGreaterThan(0);
  });
});
