// Lets requests that wait for money know that one of their session has just been settled.

export type SettledSignal = {
  /** Resolves with the next settlement, or after that long. */
  next(timeoutMs: number): Promise<void>;
  tell(): void;
};

export function createSettledSignal(): SettledSignal {
  const waiting = new Set<() => void>();
  return {
    next: (timeoutMs) =>
      new Promise((resolve) => {
        const wake = (): void => {
          clearTimeout(timer);
          waiting.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, timeoutMs);
        waiting.add(wake);
      }),
    tell() {
      for (const wake of waiting) wake();
    },
  };
}
