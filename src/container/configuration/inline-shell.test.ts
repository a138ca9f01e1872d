// What of a command's text the real Claude Code runs in a shell: none of it may escape our own reading of the text.
import { query, type SDKUserMessage } from "@anthropic-ai/claude-agent-sdk";
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { startScriptedModel } from "../../../test/support/scripted-model/server.ts";
import { readBody } from "../../shared/commands/command-body.ts";

/** `NAME` is the file that the command would make. */
const BODIES: Record<string, string> = {
  start: "!`touch NAME`",
  middle: "a !`touch NAME` b",
  glued: "x!`touch NAME`",
  brackets: "(!`touch NAME`)",
  lines: "!`touch NAME\ntouch other`",
  prose: "so `wow!` and `touch NAME`",
  twice: "!!`touch NAME`",
  tab: "\t!`touch NAME`",
  space: "\u00a0!`touch NAME`",
  returned: "a\r\n!`touch NAME`",
  quoted: "> !`touch NAME`",
  double: "!``touch NAME``",
  block: "```!\ntouch NAME\n```",
  longblock: "````!\ntouch NAME\n````",
  inline: "```!touch NAME\n```",
  indented: "  ```!\n  touch NAME\n  ```",
  returnedblock: "```!\r\ntouch NAME\r\n```",
  shellblock: "```bash!\ntouch NAME\n```",
  tildes: "~~~!\ntouch NAME\n~~~",
  open: "```!\ntouch NAME\n",
  within: "```\n!`touch NAME`\n```",
  plain: "touch NAME and `touch NAME`",
};

it("is read here too, whatever its form [commands.inline_shell]", async () => {
  const model = await startScriptedModel();
  const folder = mkdtempSync(join(tmpdir(), "berth-inline-"));
  const [workspace, commands] = [join(folder, "workspace"), join(folder, "config", "commands")];
  for (const path of [workspace, commands]) mkdirSync(path, { recursive: true });
  for (const [name, body] of Object.entries(BODIES)) {
    writeFileSync(join(commands, `t-${name}.md`), `---\ndescription: x\n---\n${body.replaceAll("NAME", name)}`);
  }
  let next = (): void => undefined;
  async function* prompts(): AsyncGenerator<SDKUserMessage> {
    for (const name of Object.keys(BODIES)) {
      const ended = new Promise<void>((resolve) => (next = resolve));
      yield {
        type: "user",
        message: { role: "user", content: `/t-${name}` },
        parent_tool_use_id: null,
        session_id: "",
      };
      await ended;
    }
  }
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: folder,
    CLAUDE_CONFIG_DIR: join(folder, "config"),
    ANTHROPIC_BASE_URL: model.url,
    ANTHROPIC_API_KEY: "any",
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    IS_SANDBOX: "1",
  };
  const options = { cwd: workspace, env, settingSources: ["user" as const], allowDangerouslySkipPermissions: true };
  const running = query({ prompt: prompts(), options: { ...options, permissionMode: "bypassPermissions" } });
  for await (const message of running) if (message.type === "result") next();
  await model.close();
  const ran = readdirSync(workspace).filter((name) => name in BODIES);
  expect(ran).toEqual(
    expect.arrayContaining(["start", "middle", "lines", "longblock", "inline", "returnedblock", "within"]),
  );
  expect(ran).not.toContain("plain");
  for (const name of ran) expect(readBody(BODIES[name] ?? "").shell, name).not.toEqual([]);
});
