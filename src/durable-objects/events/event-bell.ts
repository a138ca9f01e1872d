// Wakes whoever waits for the log to grow. It lives in memory: a waiter that loses it asks again with its cursor.

export type EventBell = {
  ring(): void;
  /** Resolves with the next ring, or when the time is up. */
  wait(timeoutMs: number): Promise<void>;
  waiters(): number;
};

export function createEventBell(): EventBell {
  const waiting = new Set<() => void>();
  return {
    ring() {
      for (const wake of waiting) wake();
    },
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
