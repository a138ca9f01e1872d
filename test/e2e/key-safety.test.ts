import { globSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect, messages, prompt, readLog, start, waitForEnd } from "../journeys/person.ts";
import { callTool, hold, say } from "../support/scripted-model/scenario.ts";
import { startStack, type Stack } from "../support/stack.ts";

describe("the provider's key in process mode", () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ env: { BERTH_MAX_PERMISSION_MODE: "bypassPermissions" } });
  });
  afterAll(() => stack?.stop());

  it("is in no environment, argument or file of runner and Claude Code, and reaches the provider all the same [gateway.key_safety]", async () => {
    const client = await connect(stack);
    const look = "env; tr '\\0' '\\n' < /proc/self/environ; tr '\\0' '\\n' < /proc/$PPID/environ; ps -o args= -p $PPID";
    const started = await start(client, {
      permission_mode: "bypassPermissions",
      prompt: prompt("Look around.", {
        steps: [[callTool("Bash", { command: look })], [say("seen"), hold("look"), say("done")]],
      }),
    });
    await stack.model.reached("look");

    const { runners, clis } = stack.pids();
    const pids = [...Object.values(runners), ...clis];
    expect(pids.length).toBeGreaterThanOrEqual(2);
    for (const pid of pids) {
      expect(readFileSync(`/proc/${pid}/environ`, "utf8")).not.toContain(stack.modelKey);
      expect(readFileSync(`/proc/${pid}/cmdline`, "utf8")).not.toContain(stack.modelKey);
    }
    const files = globSync("workspaces/**", { cwd: stack.home, withFileTypes: true }).filter((file) => file.isFile());
    expect(files.length).toBeGreaterThan(3);
    for (const file of files) {
      expect(readFileSync(join(file.parentPath, file.name)).includes(stack.modelKey), file.name).toBe(false);
    }
    expect(statSync(join(stack.home, "worker.env")).mode & 0o077).toBe(0);

    stack.model.release("look");
    await waitForEnd(client, started);
    const said = JSON.stringify(messages(await readLog(client, started.session_id)));
    expect(said).toContain("ANTHROPIC_BASE_URL");
    expect(said).not.toContain(stack.modelKey);
    expect(stack.model.requests.at(-1)?.headers["x-api-key"]).toBe(stack.modelKey);
    await client.close();
  });
});
