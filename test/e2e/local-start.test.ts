// npm start as a person runs it: what it says, what it keeps to itself, what it brings back, and that it leaves nothing.
import { readFileSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readEnvironmentOf, readProcessTable } from "../../local/processes/process-table.ts";
import { connectModern, signIn } from "../support/mcp-clients.ts";
import { callTool, say } from "../support/scripted-model/scenario.ts";
import { commandOf } from "../support/stack-processes.ts";
import { type Stack, startStack } from "../support/stack.ts";

describe.runIf(process.platform === "linux")("npm start", () => {
  let stack: Stack;
  beforeAll(
    async () =>
      void (stack = await startStack({ sandbox: "process", env: { BERTH_MAX_PERMISSION_MODE: "bypassPermissions" } })),
  );
  afterAll(() => stack?.stop());

  it("prints the address, the sign-in code and how to connect, once /health answers [start.ready_lines]", async () => {
    const lines = stack.output().split("\n");
    expect(lines).toContain(`Berth is ready: http://localhost:${stack.port}/mcp`);
    expect(lines).toContain(`Sign-in code: ${stack.signInCode}`);
    expect(lines).toContain(`  claude mcp add --transport http berth http://localhost:${stack.port}/mcp`);
    expect(stack.output()).toMatch(/"mcpServers"/);
    expect(stack.output()).toMatch(/^Sandboxes: process, as SANDBOX asks: .*isolates nothing/m);
    expect((await fetch(`${stack.url}/health`)).status).toBe(200);
  });

  it("listens on 127.0.0.1 only, with everything that it starts", () => {
    const inodes = new Set(stack.processes().flatMap(socketsOf));
    const addresses = ["tcp", "tcp6"]
      .flatMap(listeners)
      .flatMap(([inode, address]) => (inodes.has(inode) ? [address] : []));
    expect(addresses.length).toBeGreaterThanOrEqual(3);
    expect(addresses.filter((address) => address !== "0100007F")).toEqual([]);
  });

  it("puts no secret on a command line, and the key in no environment but its own [gateway.key_safety]", () => {
    const secrets = JSON.parse(readFileSync(join(stack.home, "secrets.json"), "utf8")) as Record<string, string>;
    const hidden = [stack.modelKey, secrets["run_token_secret"], secrets["sandbox_supervisor_token"], stack.signInCode];
    const commands = readProcessTable().map(({ pid }) => commandOf(pid).join(" "));
    expect(commands.filter((command) => hidden.some((secret) => command.includes(secret ?? "?")))).toEqual([]);
    const { start, supervisor } = stack.pids();
    expect(supervisor).not.toBeNull();
    const others = stack.processes().filter((pid) => pid !== start && !stack.pids().wrangler.includes(pid));
    expect(others.filter((pid) => readEnvironmentOf(pid).join(" ").includes(stack.modelKey))).toEqual([]);
  });

  it("keeps its secrets readable for their owner alone [start.secrets_once]", () => {
    for (const [name, mode] of [
      ["", 0o700],
      ["secrets.json", 0o600],
      ["worker.env", 0o600],
    ] as const) {
      expect([name, statSync(join(stack.home, name)).mode & 0o777]).toEqual([name, mode]);
    }
  });

  it("starts wrangler dev again when all of it was killed [start.supervises]", async () => {
    const before = stack.pids();
    const said = stack.waitForOutput(/wrangler dev ended; starting it again in 1 s\.\nwrangler dev answers again\./);
    stack.killWranglerTree();
    await said;
    await stack.waitForHealth();
    expect(stack.pids().supervisor).toBe(before.supervisor);
    expect(stack.pids().wrangler.some((pid) => before.wrangler.includes(pid))).toBe(false);
  });

  it("starts wrangler dev again when it lives and /health fails for 10 s [start.supervises]", async () => {
    const before = stack.pids();
    const said = stack.waitForOutput(/wrangler dev does not answer for 10 s; starting it again/);
    stack.killProxyWorkerd();
    await said;
    await stack.waitForOutput(/wrangler dev answers again\./);
    await stack.waitForHealth();
    expect(before.wrangler.filter((pid) => stack.processes().includes(pid))).toEqual([]);
  });

  it("starts the sandbox supervisor again on the port that wrangler knows [start.supervises]", async () => {
    const said = stack.waitForOutput(/The sandbox supervisor answers again\./);
    process.kill(stack.pids().supervisor ?? 0, "SIGKILL");
    await said;
    const client = await connectModern(stack.url, await signIn(stack.url, stack.signInCode));
    expect(await client.callToolOrThrow("list_projects")).toMatchObject({ projects: [] });
    await client.callToolOrThrow("create_project", { name: "after-restart" });
    expect(await client.callToolOrThrow("list_project_files", { project: "after-restart" })).toBeTruthy();
    await client.close();
  });

  it("ends what an earlier run of the same home left, and keeps code and state [start.leftovers]", async () => {
    await stack.killStart();
    const left = stack.processes();
    expect(left.length).toBeGreaterThan(3);
    await stack.restart();
    expect(stack.output()).toMatch(/Ended what an earlier run left: .*wrangler/);
    expect(left.filter((pid) => stack.processes().includes(pid))).toEqual([]);
    expect(stack.output().match(/^Sign-in code: \S+$/gm)).toEqual(Array(2).fill(`Sign-in code: ${stack.signInCode}`));
    const client = await connectModern(stack.url, await signIn(stack.url, stack.signInCode));
    const { projects } = (await client.callToolOrThrow("list_projects")) as { projects: { name: string }[] };
    expect(projects.map(({ name }) => name)).toContain("after-restart");
    await client.close();
  });

  it("leaves nothing behind on Ctrl-C, in the middle of a turn with a command in the background [start.ctrl_c]", async () => {
    const mark = `${String(700_000 + (process.pid % 100_000))}.25`;
    stack.model.setScenarios([
      {
        match: "run it",
        steps: [
          [
            callTool("Bash", {
              command: `nohup setsid sleep ${mark} >/dev/null 2>&1 &\nsleep 0.2`,
              description: "Sleeps",
            }),
          ],
          [{ type: "hold", gate: "never" }, say("never")],
        ],
      },
    ]);
    const client = await connectModern(stack.url, await signIn(stack.url, stack.signInCode));
    const prompt = { prompt: "run it", wait_seconds: 0, permission_mode: "bypassPermissions" };
    await client.callToolOrThrow("execute_claude", prompt);
    await stack.model.reached("never");
    const sleepers = () => readProcessTable().filter(({ pid }) => commandOf(pid).includes(mark));
    expect(stack.pids().clis).toHaveLength(1);
    expect(sleepers()).toHaveLength(1);
    const running = [...stack.processes(), ...stack.pids().clis];
    await client.close().catch(() => undefined);
    await stack.interrupt();
    const table = readProcessTable().map(({ pid }) => pid);
    expect(running.filter((pid) => table.includes(pid))).toEqual([]);
    expect(sleepers()).toEqual([]);
    expect(table.filter((pid) => readEnvironmentOf(pid).some((entry) => entry.includes(stack.home)))).toEqual([]);
    await expect(fetch(`${stack.url}/health`)).rejects.toThrow();
  });
});

/** Inodes of the sockets that a process has open. */
function socketsOf(pid: number): string[] {
  return listFds(pid).flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []);
}

function listFds(pid: number): string[] {
  return Array.from({ length: 256 }, (_, fd) => readLink(`/proc/${pid}/fd/${fd}`)).filter((link) => link !== null);
}

function readLink(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

/** [inode, address in hex] of every listening socket. */
function listeners(family: string): [string, string][] {
  const lines = readFileSync(`/proc/net/${family}`, "utf8").split("\n").slice(1);
  const fields = lines.map((line) => line.trim().split(/\s+/));
  return fields.flatMap((field) => (field[3] === "0A" ? [[field[9] ?? "", field[1]?.split(":")[0] ?? ""]] : []));
}
