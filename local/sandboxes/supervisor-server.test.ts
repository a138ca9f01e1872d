import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { findProcess } from "../processes/process-table.ts";
import { createRunnerProcesses, type RunnerProcesses } from "./runner-processes.ts";
import { createSupervisorServer } from "./supervisor-server.ts";

const TOKEN = "token-of-the-supervisor-0123456789";
const ID = "0198c7a0-0000-7000-8000-000000000001";
const OTHER = "0198c7a0-0000-7000-8000-000000000002";
const BODY = { boot_token: "boot-token-0123456789", edge_url: "http://127.0.0.1:1" };
const KEY = "sk-ant-api03-key-of-npm-start";

/** Listens as the runner does, and answers with its environment. */
const STAND_IN = `
  import { createServer } from "node:http";
  if (process.env.FAIL === "exit") process.exit(1);
  if (process.env.FAIL === "text") console.log("no JSON");
  const server = createServer((request, response) => {
    if (request.url === "/exit") process.exit(0);
    response.end(JSON.stringify(process.env));
  });
  server.listen(Number(process.env.PORT), process.env.BERTH_HOST, () => {
    console.log(JSON.stringify({ listening: server.address().port, runtime_id: "x" }));
  });
`;

let home = "";
let server: Server;
let runners: RunnerProcesses;
const makeRunners = () =>
  createRunnerProcesses({ home, homeId: "feedfeedfeed", entry: join(home, "runner.mjs"), repository: home });

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), "berth-sandboxes-"));
  writeFileSync(join(home, "runner.mjs"), STAND_IN);
  vi.stubEnv("ANTHROPIC_API_KEY", KEY);
  runners = makeRunners();
  server = createSupervisorServer({ token: TOKEN, runners });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});

afterEach(async () => {
  await Promise.all([ID, OTHER].map((id) => runners.end(id, { erase: true })));
  server.closeAllConnections();
  server.close();
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});

async function call(method: string, path: string, options: { body?: unknown; token?: string } = {}) {
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, {
    method,
    headers: { authorization: `Bearer ${options.token ?? TOKEN}` },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
  });
  return { status: response.status, body: (await response.json()) as { port: number; pid: number } };
}

const put = (id: string, body: unknown = BODY) => call("PUT", `/sandboxes/${id}`, { body });

async function environmentOf(port: number): Promise<Record<string, string>> {
  return (await (await fetch(`http://127.0.0.1:${port}/`)).json()) as Record<string, string>;
}

describe("the sandbox supervisor", () => {
  it("starts a runner with its workspace's folders, its token, and nothing of npm start's secrets", async () => {
    const { status, body } = await put(ID, { ...BODY, env: { EXTRA: "1", BERTH_WORKSPACE_DIR: "/etc" } });
    expect(status).toBe(200);
    const env = await environmentOf(body.port);
    expect(env).toMatchObject({
      BERTH_BOOT_TOKEN: BODY.boot_token,
      BERTH_EDGE_URL: BODY.edge_url,
      BERTH_WORKSPACE_ID: ID,
      BERTH_WORKSPACE_DIR: join(home, "workspaces", ID, "files"),
      BERTH_STATE_DIR: join(home, "workspaces", ID, "state"),
      BERTH_HOST: "127.0.0.1",
      EXTRA: "1",
    });
    expect(JSON.stringify(env)).not.toContain(KEY);
    expect(JSON.stringify(env)).not.toContain(TOKEN);
  });

  it("starts one runner however often and at once it is asked", async () => {
    const answers = await Promise.all([put(ID), put(ID), put(ID)]);
    expect(new Set(answers.map(({ body }) => body.pid)).size).toBe(1);
    expect(await call("GET", `/sandboxes/${ID}`)).toEqual({
      status: 200,
      body: { running: true, ...answers[0]?.body },
    });
  });

  it("gives each workspace a runner of its own", async () => {
    const [one, two] = [await put(ID), await put(OTHER)];
    expect(one.body.pid).not.toBe(two.body.pid);
  });

  it("finds the runner again after it was itself started again", async () => {
    const { body } = await put(ID);
    runners = makeRunners();
    expect(runners.find(ID)).toEqual(body);
  });

  it("says that a runner that ended does not run, and starts none by itself", async () => {
    const { body } = await put(ID);
    await fetch(`http://127.0.0.1:${String(body.port)}/exit`).catch(() => undefined);
    await expect.poll(() => call("GET", `/sandboxes/${ID}`)).toEqual({ status: 200, body: { running: false } });
  });

  it("ends a runner and keeps its files, or erases them when it is told to", async () => {
    const { body } = await put(ID);
    writeFileSync(join(home, "workspaces", ID, "files", "kept.txt"), "kept");
    expect(await call("DELETE", `/sandboxes/${ID}`)).toEqual({ status: 200, body: { running: false } });
    expect(findProcess(body.pid)).toBeNull();
    expect(readFileSync(join(home, "workspaces", ID, "files", "kept.txt"), "utf8")).toBe("kept");
    await call("DELETE", `/sandboxes/${ID}?erase=true`);
    expect(existsSync(join(home, "workspaces", ID))).toBe(false);
  });

  it.each(["exit", "text"])("says that a runner does not start (%s), and leaves none behind", async (FAIL) => {
    const { status, body } = await put(ID, { ...BODY, env: { FAIL } });
    expect(status).toBe(503);
    expect(body).toMatchObject({ error: { code: "sandbox_start_failed" } });
    expect(await call("GET", `/sandboxes/${ID}`)).toEqual({ status: 200, body: { running: false } });
  });

  it("answers nobody without its token", async () => {
    for (const [method, path] of [
      ["GET", `/sandboxes/${ID}`],
      ["PUT", `/sandboxes/${ID}`],
      ["DELETE", `/sandboxes/${ID}`],
      ["GET", "/health"],
    ] as const) {
      expect((await call(method, path, { token: "wrong" })).status).toBe(401);
    }
  });

  it.each([
    ["a body without its token", "PUT", `/sandboxes/${ID}`, { edge_url: "http://127.0.0.1:1" }, 400],
    ["a variable without a proper name", "PUT", `/sandboxes/${ID}`, { ...BODY, env: { "not a name": "x" } }, 400],
    ["a path for an id", "PUT", "/sandboxes/..%2f..%2fetc", BODY, 400],
    ["an id that is no UUID", "PUT", "/sandboxes/UPPER", BODY, 400],
    ["a large body", "PUT", `/sandboxes/${ID}`, { ...BODY, boot_token: "x".repeat(70_000) }, 413],
    ["another method", "POST", `/sandboxes/${ID}`, BODY, 400],
    ["another address", "PUT", "/elsewhere", BODY, 404],
  ])("refuses %s and makes nothing", async (...[, method, path, body, status]) => {
    expect((await call(method, path, { body })).status).toBe(status);
    expect(existsSync(join(home, "workspaces"))).toBe(false);
  });
});
