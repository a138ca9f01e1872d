// A fetch that can lose an answer: the request is sent, the connection is cut, and the caller never hears what came of it.
import { setTimeout as sleep } from "node:timers/promises";

export type LossyFetch = {
  fetch: typeof fetch;
  /** The next request that carries this text loses its answer, at the latest that long after it was sent. */
  loseAnswerTo(text: string, afterMs: number): void;
};

export function createLossyFetch(): LossyFetch {
  const losing = new Map<string, number>();

  async function send(...[input, init]: Parameters<typeof fetch>): Promise<Response> {
    const body = typeof init?.body === "string" ? init.body : "";
    const text = [...losing.keys()].find((key) => body.includes(key));
    if (text === undefined) return fetch(input, init);
    const afterMs = losing.get(text) ?? 0;
    losing.delete(text);
    const cut = new AbortController();
    const answer = fetch(input, { ...init, signal: cut.signal });
    await Promise.race([answer.catch(() => null), sleep(afterMs)]);
    cut.abort();
    await answer.then((response) => response.body?.cancel()).catch(() => null);
    throw new TypeError("chaos: the connection was cut before the answer arrived");
  }

  return { fetch: send, loseAnswerTo: (text, afterMs) => void losing.set(text, afterMs) };
}
