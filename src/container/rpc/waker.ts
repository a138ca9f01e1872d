// Asks the edge to connect when there is something to say and nobody is connected.
import { setTimeout as sleep } from "node:timers/promises";
import { EDGE_PATHS } from "../../shared/rpc/protocol.ts";

/** An object that lost its link dials again by itself within this time. */
const FIRST_DELAY_MS = 200;
const MAX_DELAY_MS = 15_000;
const REQUEST_TIMEOUT_MS = 10_000;

export type WakeTarget = { edgeUrl: string; bootToken: string; workspaceId: string; runtimeId: string };

/** `isNeeded` is asked before each try. The returned function may be called as often as one likes. */
export function createWaker(target: WakeTarget, sessionId: string, isNeeded: () => boolean): () => void {
  let isRunning = false;

  async function run(): Promise<void> {
    for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(delayMs * 2, MAX_DELAY_MS)) {
      await sleep(delayMs * (0.5 + Math.random() / 2), undefined, { ref: false });
      if (!isNeeded()) return;
      await postWake(target, sessionId);
    }
  }

  return () => {
    if (isRunning) return;
    isRunning = true;
    void run().finally(() => {
      isRunning = false;
    });
  };
}

async function postWake(target: WakeTarget, sessionId: string): Promise<void> {
  try {
    const response = await fetch(`${target.edgeUrl}${EDGE_PATHS.wake}`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${target.bootToken}` },
      body: JSON.stringify({
        workspace_id: target.workspaceId,
        runtime_id: target.runtimeId,
        session_id: sessionId,
      }),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    await response.body?.cancel();
  } catch {
    // The edge is away; the next try comes by itself.
  }
}
