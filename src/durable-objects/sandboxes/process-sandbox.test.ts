import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createProcessSandbox } from "./process-sandbox.ts";

let runner: Server;
let supervisor: Server;
/** What the supervisor says; null: nothing runs. */
let port: number | null = null;
const asked: string[] = [];

const listen = (server: Server) =>
  new Promise<number>((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port)),
  );

let sandbox: ReturnType<typeof createProcessSandbox>;
beforeAll(async () => {
  runner = createServer((_request, response) => void response.end("from whoever listens there"));
  const runnerPort = await listen(runner);
  supervisor = createServer((request, response) => {
    asked.push(request.method ?? "");
    if (request.method === "PUT") port = runnerPort;
    if (request.method === "DELETE") port = null;
    if (request.method === "DELETE") return void response.writeHead(204).end();
    response.end(JSON.stringify(port === null ? { running: false } : { running: true, port }));
  });
  const supervisorUrl = `http://127.0.0.1:${await listen(supervisor)}`;
  sandbox = createProcessSandbox({ supervisorUrl, token: "t", workspaceId: () => "w", edgeUrl: "http://edge" });
});
afterAll(() => [runner, supervisor].forEach((server) => server.close()));

describe("a sandbox that was stopped", () => {
  it.each(["stop", "erase"] as const)("by %s is asked for no more where it listened [sandbox.process]", async (end) => {
    await sandbox.start({ env: { BERTH_BOOT_TOKEN: "b" } });
    asked.length = 0;
    expect(await (await sandbox.fetch(new Request("http://runner/health"))).text()).toContain("listens");
    expect(asked).toEqual([]);
    await sandbox[end]();
    await expect(sandbox.fetch(new Request("http://runner/health"))).rejects.toThrow("is gone");
  });
});
