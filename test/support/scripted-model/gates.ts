// Named gates at which answers wait until a test releases them.
import type { ServerResponse } from "node:http";

export function createGates() {
  const released = new Set<string>();
  const waiting = new Map<string, Set<() => void>>();
  const arrived = new Set<string>();
  const watchers = new Map<string, (() => void)[]>();

  function release(gate: string): void {
    released.add(gate);
    for (const pass of waiting.get(gate) ?? []) pass();
    waiting.delete(gate);
  }

  /** Waits for the gate, or for the client to go away. */
  function wait(gate: string, response: ServerResponse): Promise<void> {
    arrived.add(gate);
    for (const notify of watchers.get(gate) ?? []) notify();
    watchers.delete(gate);
    if (released.has(gate)) return Promise.resolve();
    return new Promise((resolve) => {
      const passes = waiting.get(gate) ?? new Set();
      waiting.set(gate, passes);
      const pass = () => {
        response.off("close", pass);
        passes.delete(pass);
        resolve();
      };
      passes.add(pass);
      response.on("close", pass);
    });
  }

  function reached(gate: string): Promise<void> {
    if (arrived.has(gate)) return Promise.resolve();
    return new Promise((resolve) => watchers.set(gate, [...(watchers.get(gate) ?? []), resolve]));
  }

  return { release, wait, reached, releaseAll: () => [...waiting.keys()].forEach(release) };
}
