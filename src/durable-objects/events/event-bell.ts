// Wakes whoever waits for the log to grow, or for whatever else is rung. It lives in memory: a waiter that loses it asks again.

export type EventBell = {
  ring(): void;
  /** Calls back with every ring, before `ring` returns: what it does has to be short. */
  onRing(listener: () => void): void;
  /** Resolves with the next ring, or when the time is up. */
  wait(timeoutMs: number): Promise<void>;
  waiters(): number;
};

export function createEventBell(): EventBell {
  const waiting = new Set<() => void>();
  const listeners: (() => void)[] = [];
  return {
    ring() {
      for (const wake of waiting) wake();
      for (const listener of listeners) listener();
    },
    onRing: (listener) => void listeners.push(listener),
    wait: (timeoutMs) =>
      new Promise((resolve) => {
        const wake = (): void => {
          clearTimeout(timer);
          waiting.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, timeoutMs);
        waiting.add(wake);
      }),
    waiters: () => waiting.size,
  };
}
