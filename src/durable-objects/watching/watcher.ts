// What the two kinds of watchers have in common: what they look at, and what the hub asks of them.
import type { SessionStatus } from "../../shared/sessions/schema.ts";
import type { LastFrame } from "../../shared/watching/frames.ts";
import type { WatchLimits, WatchStep } from "../../shared/watching/watch-policy.ts";
import type { Clock } from "../clock.ts";
import type { FrameSource } from "./frame-source.ts";

export type Over = { status: SessionStatus; reason: string | null };

/** A preview, serialised once for all watchers. */
export type PreviewBytes = { sse: Uint8Array; socket: string };

export type WatcherParts = {
  frames: FrameSource;
  /** How the session ended, once nothing more will come; null before. */
  over(): Over | null;
  clock: Clock;
  limits: WatchLimits;
};

export type Watcher = {
  /** Does what is due for this watcher. Never waits. */
  pump(): void;
  /** Sent when the watcher has all events and room; dropped otherwise. */
  preview(preview: PreviewBytes): void;
  /** The watch is over: nothing is sent from here on, and the other side is let go. */
  stop(): void;
};

/** What a watcher is told last when this step is due; null while the watch goes on. */
export function lastFrameOf(step: WatchStep, cursor: number, over: Over | null): LastFrame | null {
  if (step === "cut_off_slow") return { kind: "cut_off", cursor, reason: "slow" };
  if (step === "cut_off_expired") return { kind: "cut_off", cursor, reason: "expired" };
  return step === "end" && over !== null ? { kind: "end", cursor, ...over } : null;
}
