// What a run of chaos acts on: the local stack, the proxy in front of its runners, orders to its Worker, and one person.
import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openHome } from "../../../local/home.ts";
import type { SessionEvent } from "../../../src/shared/events/event.ts";
import type { Waited } from "../../journeys/person.ts";
import { connectModern, signIn } from "../../support/mcp-clients.ts";
import { startStack, type Stack } from "../../support/stack.ts";
import type { ChaosOrder } from "../worker.ts";
import { type ConnectionProxy, startConnectionProxy } from "./connection-proxy.ts";
import { createLossyFetch, type LossyFetch } from "./lossy-fetch.ts";

const AGAIN_MS = 200;

export type World = {
  stack: Stack;
  proxy: ConnectionProxy;
  lossy: LossyFetch;
  /** Tells the chaos Worker what to do; asks again while it does not answer. */
  order(order: ChaosOrder): Promise<unknown>;
  /** A tool call, made again until it is answered; null when it was not in time. */
  call(name: string, args: Record<string, unknown>, timeoutMs?: number): Promise<Record<string, unknown> | null>;
  /** The text of the refusal, or null when the call was not refused. */
  refusal(name: string, args: Record<string, unknown>): Promise<string | null>;
  /** The log, from its beginning or after an event. */
  readLog(sessionId: string, afterSeq?: number): Promise<SessionEvent[]>;
  /** The workspace that the session's sandbox works for, once there is one. */
  workspaceOf(sessionId: string): string | null;
  files: Files;
  stop(): Promise<void>;
};

/** A workspace's files, as they lie on this machine. */
export type Files = {
  exists(workspaceId: string, name: string): boolean;
  read(workspaceId: string, name: string): string | null;
  /** Does nothing when the sandbox has no files any more. */
  write(workspaceId: string, name: string): void;
};

export async function startWorld(): Promise<World> {
  const proxy = await startConnectionProxy();
  const stack = await startStack({
    sandbox: "process",
    program: "test/chaos/start.ts",
    env: { BERTH_MAX_PERMISSION_MODE: "bypassPermissions", CHAOS_PROXY_URL: proxy.url },
  }).catch(async (error: unknown) => {
    await proxy.close();
    throw error;
  });
  const lossy = createLossyFetch();
  const tokens = await signIn(stack.url, stack.signInCode);
  const client = await connectModern(`${stack.mcpUrl}?toolsets=all`, tokens, lossy.fetch);
  const token = openHome(stack.home).sandbox_supervisor_token;

  const call: World["call"] = (name, args, timeoutMs = 90_000) =>
    patiently(() => client.callToolOrThrow(name, args), timeoutMs);
  return {
    stack,
    proxy,
    lossy,
    call,
    async order(order) {
      const headers = { authorization: `Bearer ${token}` };
      const ask = async (): Promise<{ answer: unknown }> => {
        const response = await fetch(`${stack.url}/chaos`, { method: "POST", headers, body: JSON.stringify(order) });
        return (await response.json()) as { answer: unknown };
      };
      return (await patiently(ask, 60_000))?.answer;
    },
    refusal: async (name, args) => {
      const answer = await patiently(() => client.callTool(name, args), 60_000);
      return answer?.isError === true ? answer.text : null;
    },
    readLog: (sessionId, afterSeq = 0) => readLogAfter(call, sessionId, afterSeq),
    workspaceOf(sessionId) {
      const [found] = globSync(join(stack.home, "workspaces", "*", "state", "sessions", sessionId));
      return found === undefined ? null : basename(join(found, "..", "..", ".."));
    },
    files: createFiles(stack.home),
    async stop() {
      await client.close().catch(() => undefined);
      await stack.stop();
      await proxy.close();
    },
  };
}

function createFiles(home: string): Files {
  const path = (workspaceId: string, name: string) => join(home, "workspaces", workspaceId, "files", name);
  return {
    exists: (workspaceId, name) => existsSync(path(workspaceId, name)),
    read: (workspaceId, name) =>
      existsSync(path(workspaceId, name)) ? readFileSync(path(workspaceId, name), "utf8") : null,
    write(workspaceId, name) {
      if (existsSync(path(workspaceId, ""))) writeFileSync(path(workspaceId, name), "");
    },
  };
}

async function readLogAfter(call: World["call"], sessionId: string, afterSeq: number): Promise<SessionEvent[]> {
  const events: SessionEvent[] = [];
  for (let cursor = afterSeq; ;) {
    const args = { session_id: sessionId, after_cursor: cursor, wait_seconds: 0 };
    const page = (await call("wait_for_session", args)) as unknown as Waited | null;
    if (page === null) throw new Error(`the log of ${sessionId} could not be read`);
    events.push(...page.events);
    cursor = page.next_cursor;
    if (!page.has_more) return events;
  }
}

/** Null when it did not work in time. */
export async function patiently<T>(attempt: () => Promise<T>, timeoutMs: number): Promise<T | null> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > deadline) console.error(`  not in time: ${String(error).slice(0, 300)}`);
      if (Date.now() > deadline) return null;
      await sleep(AGAIN_MS);
    }
  }
}

/** False when it did not become true in time. */
export async function until(condition: () => Promise<boolean> | boolean, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) return false;
    await sleep(AGAIN_MS);
  }
  return true;
}
