// Questions to the runner: over one connection while they follow each other, and never over one that may be wrong.
import { newWebSocketRpcSession, RpcTarget } from "capnweb";
import { describe, expect, it } from "vitest";
import type { RunnerWorkspaceApi } from "../../src/shared/rpc/runner-workspace-api.ts";
import { createRunnerAsker } from "../../src/durable-objects/workspaces/runner-workspace.ts";

class Target extends RpcTarget {
  async isWorkspaceChanged(): Promise<boolean> {
    return true;
  }
  async findClaudeBinary(): Promise<never> {
    throw new Error("it went wrong");
  }
  async findNewestClaude(): Promise<never> {
    return new Promise<never>(() => {});
  }
}

function createWorld(keptMs = 60_000) {
  const sockets: WebSocket[] = [];
  const state = { refuses: false };
  const ask = createRunnerAsker(
    {
      async fetch() {
        if (state.refuses) return new Response(null, { status: 409 });
        const { 0: client, 1: server } = new WebSocketPair();
        server.accept();
        sockets.push(server);
        newWebSocketRpcSession(server, new Target());
        return new Response(null, { status: 101, webSocket: client });
      },
    },
    keptMs,
  );
  const address = { bootToken: "boot", runtimeId: "runtime-1" };
  const isChanged = (to = address, question = (runner: RunnerWorkspaceApi) => runner.isWorkspaceChanged()) =>
    ask(to, { deadlineMs: 1_000, ask: question });
  return { sockets, state, ask, address, isChanged };
}

describe("questions to the runner", () => {
  it("that follow each other, or come at once, share a connection [checkpoints.fenced]", async () => {
    const { sockets, isChanged } = createWorld();
    expect(await isChanged()).toBe(true);
    expect(await Promise.all([isChanged(), isChanged()])).toEqual([true, true]);
    expect(sockets).toHaveLength(1);
    // Before there is one, each has its own, and both are answered.
    const other = createWorld();
    expect(await Promise.all([other.isChanged(), other.isChanged()])).toEqual([true, true]);
    await expect.poll(() => other.sockets.map(({ readyState }) => readyState)).toContain(WebSocket.CLOSED);
    expect(await other.isChanged()).toBe(true);
    expect(other.sockets).toHaveLength(2);
  });

  it("do not go to another runtime than is meant, nor over what is left of an earlier start [checkpoints.fenced]", async () => {
    const { sockets, state, address, isChanged } = createWorld();
    await isChanged();
    await isChanged({ ...address, runtimeId: "runtime-2" });
    await isChanged({ ...address, runtimeId: "runtime-2", bootToken: "another" });
    expect(sockets).toHaveLength(3);
    await expect.poll(() => sockets[0]?.readyState, { timeout: 10_000 }).toBe(WebSocket.CLOSED);
    state.refuses = true;
    await expect(isChanged()).rejects.toThrow("is not there any more");
  });

  it("find out at once when what was kept has lost its runner [checkpoints.fenced]", async () => {
    const { sockets, isChanged } = createWorld();
    await isChanged();
    sockets[0]?.close(1011, "gone");
    await expect(isChanged()).rejects.toThrow("is not there any more");
    expect(await isChanged()).toBe(true);
    expect(sockets).toHaveLength(2);
  });

  it("begin anew after a connection was closed, a question failed, or was not answered", async () => {
    const { sockets, ask, address, isChanged } = createWorld();
    await isChanged();
    sockets[0]?.close(1011, "gone");
    await expect.poll(() => sockets[0]?.readyState, { timeout: 10_000 }).toBe(WebSocket.CLOSED);
    await isChanged();
    expect(sockets).toHaveLength(2);
    await expect(ask(address, { deadlineMs: 1_000, ask: (runner) => runner.findClaudeBinary() })).rejects.toThrow();
    await isChanged();
    expect(sockets).toHaveLength(3);
    const unanswered = { deadlineMs: 50, ask: (runner: RunnerWorkspaceApi) => runner.findNewestClaude() };
    await expect(ask(address, unanswered)).rejects.toThrow("no answer within 50 ms");
    await isChanged();
    expect(sockets).toHaveLength(4);
    await expect.poll(() => sockets[2]?.readyState, { timeout: 10_000 }).toBe(WebSocket.CLOSED);
  });

  it("keep the connection no longer than they may follow each other", async () => {
    const { sockets, isChanged } = createWorld(20);
    await isChanged();
    await expect.poll(() => sockets[0]?.readyState, { timeout: 10_000 }).toBe(WebSocket.CLOSED);
    expect(await isChanged()).toBe(true);
    expect(sockets).toHaveLength(2);
  });
});
