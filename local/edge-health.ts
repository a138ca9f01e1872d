// Asks the edge's /health whether Berth answers.
import { setTimeout as sleep } from "node:timers/promises";

const PROBE_TIMEOUT_MS = 3_000;
const POLL_MS = 150;

export async function answersHealth(port: number): Promise<boolean> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/health`, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    await answer.arrayBuffer();
    return answer.status === 200;
  } catch {
    return false;
  }
}

/** False when `isOver` says so, or time is up, before it answers. */
export async function waitForHealth(
  port: number,
  options: { timeoutMs: number; isOver: () => boolean },
): Promise<boolean> {
  const deadline = Date.now() + options.timeoutMs;
  while (Date.now() < deadline && !options.isOver()) {
    if (await answersHealth(port)) return !options.isOver();
    await sleep(POLL_MS);
  }
  return false;
}
