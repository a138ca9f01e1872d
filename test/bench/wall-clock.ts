// The time of day with fractions of a millisecond, in step with Date.now(): for times that another process wrote down.

export type WallClock = { nowMs(): number };

/** Date.now() is set to the monotonic clock at the moment when it changes. */
export function createWallClock(): WallClock {
  const before = Date.now();
  let changed = Date.now();
  while (changed === before) changed = Date.now();
  const offsetMs = changed - performance.now();
  return { nowMs: () => offsetMs + performance.now() };
}
