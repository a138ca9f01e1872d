import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ConnectionProxy, startConnectionProxy } from "./connection-proxy.ts";

const WORKSPACE = "01a1f950-4ff7-7926-b53c-a1a83365ac90";
/** Longer than what passes takes. */
const QUIET_MS = 150;

let proxy: ConnectionProxy;
let object: Socket;
let ports = { relay: 0, runner: 0 };
let heard = "";
let runnerHeard = "";
const servers: { close(): unknown }[] = [];
const portOf = (server: { address(): unknown }) => (server.address() as AddressInfo).port;

beforeEach(async () => {
  [heard, runnerHeard] = ["", ""];
  const runner = createServer((socket) => {
    socket.on("data", (chunk) => {
      runnerHeard += chunk.toString();
      socket.write(`answer to ${chunk.toString().split("\r\n")[0]}\n`);
    });
    socket.on("error", () => undefined);
  }).listen(0, "127.0.0.1");
  await once(runner, "listening");
  const supervisor = createHttpServer((_request, response) => {
    response.end(JSON.stringify({ running: true, port: portOf(runner) }));
  }).listen(0, "127.0.0.1");
  await once(supervisor, "listening");
  servers.push(runner, supervisor);
  proxy = await startConnectionProxy();
  const answer = await fetch(`${proxy.url}/to/${portOf(supervisor)}/sandboxes/${WORKSPACE}`);
  const { port } = (await answer.json()) as { port: number };
  ports = { relay: port, runner: portOf(runner) };
  object = connect(port, "127.0.0.1");
  object.on("data", (chunk) => (heard += chunk.toString()));
  object.on("error", () => undefined);
  await once(object, "connect");
});
afterEach(async () => {
  object.destroy();
  await proxy.close();
  servers.splice(0).forEach((server) => server.close());
});

const say = (word: string) => object.write(`GET /${word}\r\n\r\n`);

describe("the proxy between objects and runners", () => {
  it("passes both directions, and cuts what is connected [chaos.faults]", async () => {
    expect(ports.relay).not.toBe(ports.runner);
    say("one");
    await expect.poll(() => heard).toContain("answer to GET /one");
    expect(proxy.cut(WORKSPACE)).toBe(1);
    await once(object, "close");
    await expect.poll(() => proxy.cut(WORKSPACE)).toBe(0);
  });

  it("stops reading while it stalls, and hands everything on afterwards [chaos.faults]", async () => {
    proxy.hold(WORKSPACE, ["to_runner", "to_object"]);
    say("one");
    await sleep(QUIET_MS);
    expect([heard, runnerHeard]).toEqual(["", ""]);
    proxy.release(WORKSPACE);
    await expect.poll(() => heard).toContain("answer to GET /one");
  });

  it("holds one direction alone [chaos.faults]", async () => {
    proxy.hold(WORKSPACE, ["to_object"]);
    say("one");
    await expect.poll(() => runnerHeard).toContain("/one");
    await sleep(QUIET_MS);
    expect(heard).toBe("");
    proxy.release(WORKSPACE);
    await expect.poll(() => heard).toContain("answer to GET /one");
  });
});
