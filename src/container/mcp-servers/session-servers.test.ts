// MCP servers with the real Claude Code: a program in the sandbox, and a remote one through the relay.
import { randomUUID } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type RemoteServer, startRemoteServer } from "../../../test/support/mcp-servers/remote-server.ts";
import { useRunnerBench } from "../../../test/support/runner-bench.ts";
import { grantToken, makeTurn } from "../../../test/support/runner-host.ts";
import { callTool, embedScenario, hold, say, type Action } from "../../../test/support/scripted-model/scenario.ts";
import type { SandboxServers } from "../../shared/mcp-servers/sandbox-server.ts";
import type { RunTokenRequest } from "../../shared/rpc/session-host-api.ts";
import { readConfig } from "../config.ts";
import { testStdioServer } from "./test-stdio-server.ts";

const bench = useRunnerBench();
const program = join(import.meta.dirname, "..", "..", "..", "test", "support", "mcp-servers", "stdio-server.mjs");
const stdio = (more: object = {}) => ({
  type: "stdio" as const,
  command: process.execPath,
  args: [program],
  env: {},
  allowed_tools: null,
  ...more,
});

let remote: RemoteServer;
let tokens: string[];
let refuses: (token: string) => boolean;
beforeAll(async () => {
  remote = await startRemoteServer();
});
afterAll(() => remote.close());
beforeEach(() => {
  tokens = [];
  refuses = () => false;
  remote.calls.length = 0;
  bench.edge.mcpProxy = (request, body, response) =>
    void forward(request, body, response).catch(() => response.destroy());
});

/** The edge's part, without what the edge adds: on to the server, streaming. */
async function forward(request: IncomingMessage, body: Buffer, response: ServerResponse): Promise<void> {
  const token = request.headers.authorization?.replace(/^Bearer /, "") ?? "";
  tokens.push(token);
  if (refuses(token)) return void response.writeHead(401).end();
  const name = (request.url ?? "").split("/").at(-1);
  const headers = Object.entries(request.headers).filter(([key]) => /^(accept|content-type|mcp-)/.test(key));
  const answer = await fetch(name === "old" ? remote.sseUrl : remote.httpUrl, {
    method: request.method ?? "GET",
    headers: Object.fromEntries(headers) as Record<string, string>,
    ...(body.length === 0 ? {} : { body: new Uint8Array(body) }),
  });
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  for await (const chunk of answer.body ?? []) response.write(chunk);
  response.end();
}

const configured = (mcp_servers: SandboxServers, more: object = {}) => ({
  configuration: {
    sha256: randomUUID().replaceAll("-", "").repeat(2),
    body: {
      settings: {},
      forbidden: [],
      inline_shell: true,
      hooks: {},
      files: [],
      repository: { instructions: true, hooks: false, mcp_servers: false },
      mcp_servers,
      ...more,
    },
  },
});

async function run(steps: Action[][], more: object, behaviour: object = {}) {
  const renewed: RunTokenRequest[] = [];
  const grants = { renewRunToken: async (request: RunTokenRequest) => (renewed.push(request), grantToken()) };
  const host = await bench.openSession({
    decidePermission: async () => ({ behavior: "allow" }),
    ...grants,
    ...behaviour,
  });
  const turn = makeTurn(`use it\n${embedScenario({ steps })}`, randomUUID(), more);
  await host.runner().startTurn(turn);
  const ended = await host.turnEnded(turn.turn_id);
  const results = JSON.stringify(host.entries.filter(({ kind }) => kind === "message"));
  return { host, ended, results, renewed };
}

const echo = (server: string) => callTool(`mcp__${server}__echo`, { text: "hello there" });

describe("a program as MCP server", () => {
  it("is started by Claude Code and its tools are called [servers.stdio]", async () => {
    const servers = { tester: stdio({ env: { GREETING: "good day" } }) };
    const { ended, results } = await run([[echo("tester")], [say("done")]], configured(servers));
    expect(ended).toMatchObject({ reason: "result", result: { text: "done" } });
    expect(results).toContain("good day: hello there");
  });

  it("has its other tools refused, whatever the gate says [servers.allow_list]", async () => {
    const servers = { tester: stdio({ allowed_tools: ["echo"] }) };
    const steps = [[callTool("mcp__tester__danger", {})], [echo("tester")], [say("done")]];
    const { results, host } = await run(steps, configured(servers), {});
    expect(results).toContain("not among those that may be used of the MCP server tester");
    expect(results).not.toContain("harm was done");
    expect(results).toContain("stdio: hello there");
    expect(host.questions.map(({ tool_name }) => tool_name)).toEqual(["mcp__tester__echo"]);
  });
});

describe("a remote MCP server", () => {
  it("is reached through the relay with a token of its own, which is nowhere in Claude Code's hands [proxy.relay]", async () => {
    const gate = randomUUID();
    const host = await bench.openSession({ decidePermission: async () => ({ behavior: "allow" }) });
    const steps = [[echo("far")], [hold(gate), say("done")]];
    const turn = makeTurn(
      `use it\n${embedScenario({ steps })}`,
      randomUUID(),
      configured({ far: { type: "http", allowed_tools: null } }),
    );
    await host.runner().startTurn(turn);
    await bench.model.reached(gate);
    expect(remote.calls).toEqual(["hello there"]);
    const pid = host.ofKind("cli_started")[0]?.pid ?? 0;
    const [token = ""] = tokens;
    expect(token).not.toBe("");
    expect(token).not.toBe(turn.run_token.token);
    for (const file of ["environ", "cmdline"]) {
      expect(readFileSync(`/proc/${pid}/${file}`, "utf8")).not.toContain(token);
      // Nor is the way to the relay on the command line.
      expect(readFileSync(`/proc/${pid}/${file}`, "utf8")).not.toMatch(/127\.0\.0\.1:\d+\/[0-9a-f]{32}/);
    }
    const folder = join(bench.runner.stateDir, "sessions", host.sessionId);
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.length).toBeGreaterThan(1);
    for (const file of files) expect(readFileSync(join(file.parentPath, file.name), "utf8")).not.toContain(token);
    bench.model.release(gate);
    await host.turnEnded(turn.turn_id);
  });

  it("is asked with a fresh token once the edge does not take the old one [proxy.relay]", async () => {
    let first = "";
    refuses = (token) => {
      if (first === "" && tokens.length === 3) first = token;
      return token === first;
    };
    const { results, renewed } = await run(
      [[echo("far")], [echo("far")], [say("done")]],
      configured({ far: { type: "http", allowed_tools: null } }),
    );
    expect(results.split("echo: hello there").length).toBeGreaterThan(2);
    expect(renewed.map(({ route }) => route)).toEqual(["mcp", "mcp"]);
  });

  it("of the repository's own .mcp.json counts only where a person let it [configuration.repository]", async () => {
    const servers = { mcpServers: { own: { command: process.execPath, args: [program] } } };
    writeFileSync(join(bench.runner.workspaceDir, ".mcp.json"), JSON.stringify(servers));
    const steps = [[echo("own")], [say("done")]];
    expect((await run(steps, configured({}))).results).not.toContain("stdio: hello there");
    const repository = { instructions: true, hooks: false, mcp_servers: true };
    expect((await run(steps, configured({}, { repository }))).results).toContain("stdio: hello there");
  });

  it("of the repository does not come back under a name that is switched off [servers.off]", async () => {
    const servers = { mcpServers: { own: { command: process.execPath, args: [program] } } };
    writeFileSync(join(bench.runner.workspaceDir, ".mcp.json"), JSON.stringify(servers));
    const repository = { instructions: true, hooks: false, mcp_servers: true };
    const off = configured({}, { repository, mcp_servers_off: ["own"] });
    expect((await run([[echo("own")], [say("done")]], off)).results).not.toContain("stdio: hello there");
  });

  it("that cannot be reached leaves the turn as it is", async () => {
    bench.edge.mcpProxy = (_request, _body, response) => void response.writeHead(502).end();
    const { ended } = await run([[say("done")]], configured({ far: { type: "http", allowed_tools: null } }));
    expect(ended).toMatchObject({ reason: "result", result: { text: "done" } });
  });
});

describe("the test of a program", () => {
  const config = () =>
    readConfig({
      BERTH_BOOT_TOKEN: "boot-token-of-this-test",
      BERTH_EDGE_URL: "http://127.0.0.1:9",
      BERTH_WORKSPACE_ID: randomUUID(),
      BERTH_WORKSPACE_DIR: bench.runner.workspaceDir,
      PATH: process.env["PATH"],
    });
  const test = (command: string, args: string[], timeoutMs?: number) =>
    testStdioServer(config(), { command, args, env: {} }, timeoutMs);

  it("starts it and asks it for its tools [servers.test]", async () => {
    expect(await test(process.execPath, [program])).toEqual({ ok: true, tools: ["echo", "danger"] });
  });

  it("shows no more of its tools than anybody reads [servers.test]", async () => {
    const tools = Array.from({ length: 1200 }, (_, index) => ({ name: `${index}`.padEnd(2000, "x") }));
    const answer = (id: number, result: object) => JSON.stringify({ jsonrpc: "2.0", id, result });
    const folder = mkdtempSync(join(tmpdir(), "berth-odd-server-"));
    writeFileSync(join(folder, "answers"), `${answer(1, {})}\n${answer(2, { tools })}\n`);
    const found = await test("sh", ["-c", `cat ${folder}/answers; exec sleep 60`]);
    rmSync(folder, { recursive: true });
    const shown = found.ok ? found.tools : [];
    expect(shown.length).toBe(1000);
    expect(shown.every((name) => name.length === 128)).toBe(true);
  });

  it("is over with the first line that is too long, however long it goes on [servers.test]", async () => {
    const endless = "const part = 'x'.repeat(65536); const more = () => process.stdout.write(part, more); more();";
    const begun = Date.now();
    expect(await test(process.execPath, ["-e", endless], 15_000)).toMatchObject({ problem: "not_mcp" });
    expect(Date.now() - begun).toBeLessThan(10_000);
  });

  it("ends what left its group as well [servers.test]", async () => {
    const seconds = String(900_000 + Math.floor(Math.random() * 90_000));
    await test("sh", ["-c", `setsid sleep ${seconds} & exec cat`], 1500);
    const running = readdirSync("/proc").filter((pid) => {
      if (!/^\d+$/.test(pid)) return false;
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(`sleep\0${seconds}`);
      } catch {
        return false;
      }
    });
    for (const pid of running) process.kill(Number(pid), "SIGKILL");
    expect(running).toEqual([]);
  });

  it.each([
    ["/nonexistent/program", [], "did_not_start"],
    ["sh", ["-c", "exit 3"], "did_not_start"],
    ["cat", [], "not_mcp"],
    ["sh", ["-c", "yes nonsense"], "refused"],
    ["sleep", ["600"], "refused"],
  ])("says what is wrong with %s %j, and leaves nothing running [servers.test]", async (command, args, problem) => {
    const found = await test(command, args, 1500);
    expect(found).toMatchObject({ ok: false });
    expect([problem, "refused"]).toContain(found.ok ? "" : found.problem);
  });
});
