// What the two kinds of watchers have in common: what they look at, and what the hub asks of them.
import type { SessionStatus } from "../../shared/sessions/schema.ts";
import type { WatchLimits } from "../../shared/watching/watch-policy.ts";
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
};
