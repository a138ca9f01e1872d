// Keeps the session's one link to its runner: opens it, remembers it, forgets it when it breaks.
import type { EventStore } from "../events/event-store.ts";
import type { Clock } from "../clock.ts";
import { openRunnerLink, type DialParts, type RunnerLink } from "./runner-link.ts";

export type RunnerConnection = {
  current(): RunnerLink | null;
  /** The live link to that runtime, dialled if need be; null when it does not answer. */
  open(runtimeId: string): Promise<RunnerLink | null>;
  close(): void;
  /** Tells the runner whether previews are worth sending now. */
  refreshPreviews(): void;
  /** When it was opened; null while there is none. */
  openedAtMs(): number | null;
};

export type RunnerConnectionParts = {
  sessionId(): string;
  dial: DialParts["dial"];
  host: DialParts["host"];
  events: EventStore;
  clock: Clock;
  wantsPreviews(): boolean;
  /** Somebody has the link from now on: whoever it was, it is to be let go again. */
  onUsed(): void;
  onBroken(): void;
  onError(error: unknown): void;
};

export function createRunnerConnection(parts: RunnerConnectionParts): RunnerConnection {
  let link: RunnerLink | null = null;
  let openedAtMs: number | null = null;

  const close = (): void => {
    link?.close();
    link = null;
    openedAtMs = null;
  };
  const refreshPreviews = (): void => {
    link?.runner.setPreviews({ previews: parts.wantsPreviews() }).catch(parts.onError);
  };
  const dialParts: DialParts = {
    dial: parts.dial,
    host: parts.host,
    onBroken(broken) {
      if (link !== broken) return;
      link = null;
      parts.onBroken();
    },
  };

  return {
    close,
    refreshPreviews,
    current: () => link,
    openedAtMs: () => openedAtMs,
    async open(runtimeId) {
      if (link?.runtimeId === runtimeId) {
        parts.onUsed();
        return link;
      }
      close();
      try {
        const previews = parts.wantsPreviews();
        link = await openRunnerLink(dialParts, runtimeId, {
          session_id: parts.sessionId(),
          acknowledged_source_seq: parts.events.acknowledged(runtimeId),
          acknowledged_runtime_id: runtimeId,
          previews,
        });
        // Watchers may have come or gone while the runner was dialled.
        if (previews !== parts.wantsPreviews()) refreshPreviews();
        openedAtMs = parts.clock.nowMs();
        parts.onUsed();
      } catch (error) {
        parts.onError(error);
      }
      return link;
    },
  };
}
