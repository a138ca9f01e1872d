// Waits for a session in slices, so that the client hears of progress and a call that nobody awaits any more ends.
import { unwrap } from "../../shared/errors/app-error.ts";
import type { SessionApi, WaitAnswer, WaitRequest } from "../../shared/rpc/session-api.ts";

/** One slice: the pace of progress messages. */
export const WAIT_SLICE_MS = 5_000;

export type Waiting = {
  reportProgress: (progress: number, message: string) => Promise<void>;
  signal: AbortSignal;
  nowMs: () => number;
};

export async function waitForTurn(session: SessionApi, request: WaitRequest, waiting: Waiting): Promise<WaitAnswer> {
  const startedAtMs = waiting.nowMs();
  // The first message goes out at once: it tells the client that the call lives.
  if (request.wait_ms > 0) await waiting.reportProgress(0, "Waiting for Claude Code");
  for (;;) {
    const leftMs = Math.max(0, startedAtMs + request.wait_ms - waiting.nowMs());
    const answer = unwrap(await session.wait({ ...request, wait_ms: Math.min(leftMs, WAIT_SLICE_MS) }));
    if (answer.settled || leftMs <= WAIT_SLICE_MS || waiting.signal.aborted) return answer;
    const waitedSeconds = Math.round((waiting.nowMs() - startedAtMs) / 1000);
    await waiting.reportProgress(waitedSeconds, describe(answer));
  }
}

function describe(answer: WaitAnswer): string {
  return `Session is ${answer.session.status}, ${answer.session.cursor} events so far`;
}
