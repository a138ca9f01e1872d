// The times of one turn: its timeout, and the grace after it was told to stop.

export type TurnClock = { startGrace(): void; stop(): void };

export type TurnClockSettings = {
  timeoutMs: number;
  graceMs: number;
  onTimeout: () => void;
  /** It was told to stop and did not. */
  onGraceOver: () => void;
};

export function startTurnClock(settings: TurnClockSettings): TurnClock {
  let grace: NodeJS.Timeout | undefined;
  const timeout = setTimeout(settings.onTimeout, settings.timeoutMs);
  return {
    startGrace() {
      grace ??= setTimeout(settings.onGraceOver, settings.graceMs);
    },
    stop() {
      clearTimeout(timeout);
      clearTimeout(grace);
    },
  };
}
