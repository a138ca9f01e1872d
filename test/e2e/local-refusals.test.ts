// What npm start refuses, and how it starts without a key.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cleanEnv } from "../../local/clean-env.ts";
import { connectModern, signIn } from "../support/mcp-clients.ts";
import { startStack } from "../support/stack.ts";

let home = "";
beforeEach(() => void (home = mkdtempSync(join(tmpdir(), "berth-refusal-"))));
afterEach(() => rmSync(home, { recursive: true, force: true }));

async function runStart(env: Record<string, string>): Promise<{ code: number | null; output: string }> {
  const own = { ...cleanEnv(), BERTH_HOME: home, SANDBOX: "process", ...env };
  const child = spawn("npm", ["start", "--silent"], { cwd: process.cwd(), env: own as unknown as NodeJS.ProcessEnv });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, output };
}

describe("npm start", () => {
  it("refuses a subscription token as the key, with the reason, before it starts anything [start.subscription_token]", async () => {
    const { code, output } = await runStart({ ANTHROPIC_API_KEY: "sk-ant-oat01-abcdef" });
    expect(code).toBe(1);
    expect(output).toMatch(/subscription token/);
    expect(output).not.toContain("abcdef");
    expect(readdirSync(home)).toEqual([]);
  });

  it("says which port is taken and how to choose another [start.settings]", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const { code, output } = await runStart({ PORT: String(port) });
    server.close();
    expect(code).toBe(1);
    expect(output).toContain(`Port ${port} is in use`);
  });

  it("says which setting is wrong [start.settings]", async () => {
    const { code, output } = await runStart({ BERTH_MAX_PERMISSION_MODE: "everything" });
    expect(code).toBe(1);
    expect(output).toMatch(/^BERTH_MAX_PERMISSION_MODE must be one of plan, /m);
  });

  it("answers from the scripted model without a key, under a banner that says so [start.keyless]", async () => {
    const stack = await startStack({ env: { ANTHROPIC_API_KEY: "", MODEL_BASE_URL: "" } });
    try {
      expect(stack.output()).toMatch(/NO MODEL KEY: answers come from the built-in scripted model, not Claude\./);
      const client = await connectModern(stack.url, await signIn(stack.url, stack.signInCode));
      const answer = await client.callToolOrThrow("execute_claude", { prompt: "Hello there", wait_seconds: 40 });
      expect(answer).toMatchObject({ result: { is_error: false, text: expect.stringContaining("scripted model") } });
      await client.close();
      expect(stack.model.requests).toEqual([]);
    } finally {
      await stack.stop();
    }
  });
});
