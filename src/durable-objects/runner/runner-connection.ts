// Keeps the session's one link to its runner: opens it, remembers it, forgets it when it breaks.
import type { EventStore } from "../events/event-store.ts";
import type { Clock } from "../clock.ts";
import { openRunnerLink, type DialParts, type RunnerLink } from "./runner-link.ts";

export type RunnerConnection = {
  current(): RunnerLink | null;
  /**
   * The live link to that runtime, dialled if need be, once for all who ask meanwhile. Null when it does not answer, and
   * when it was given up before it did.
   */
  open(runtimeId: string): Promise<RunnerLink | null>;
  /** Gives up the link, and the one that is being dialled. */
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

  const drop = (): void => {
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

  const adopt = (opened: RunnerLink, previews: boolean): RunnerLink => {
    link = opened;
    openedAtMs = parts.clock.nowMs();
    // Watchers may have come or gone while the runner was dialled.
    if (previews !== parts.wantsPreviews()) refreshPreviews();
    parts.onUsed();
    return opened;
  };

  const dialing = createDialing(async (runtimeId, isWanted) => {
    drop();
    try {
      const previews = parts.wantsPreviews();
      const opened = await openRunnerLink(dialParts, runtimeId, helloFor(parts, runtimeId, previews));
      if (isWanted()) return adopt(opened, previews);
      opened.close();
    } catch (error) {
      parts.onError(error);
    }
    return null;
  });

  return {
    refreshPreviews,
    current: () => link,
    openedAtMs: () => openedAtMs,
    close() {
      dialing.giveUp();
      drop();
    },
    async open(runtimeId) {
      if (link?.runtimeId !== runtimeId) return dialing.to(runtimeId);
      parts.onUsed();
      return link;
    },
  };
}

function helloFor({ sessionId, events }: RunnerConnectionParts, runtimeId: string, previews: boolean) {
  return {
    session_id: sessionId(),
    acknowledged_source_seq: events.acknowledged(runtimeId),
    acknowledged_runtime_id: runtimeId,
    previews,
  };
}

type Dial = (runtimeId: string, isWanted: () => boolean) => Promise<RunnerLink | null>;

/** One dial at a time: who asks for the same runtime meanwhile gets what comes of it, another runtime takes its place. */
function createDialing(dial: Dial): { to(runtimeId: string): Promise<RunnerLink | null>; giveUp(): void } {
  let current: { runtimeId: string; link: Promise<RunnerLink | null> } | null = null;
  const begin = (runtimeId: string): Promise<RunnerLink | null> => {
    const begun = { runtimeId, link: Promise.resolve<RunnerLink | null>(null) };
    const isCurrent = (): boolean => current === begun;
    current = begun;
    begun.link = dial(runtimeId, isCurrent).finally(() => {
      if (isCurrent()) current = null;
    });
    return begun.link;
  };
  return {
    to: (runtimeId) => (current?.runtimeId === runtimeId ? current.link : begin(runtimeId)),
    giveUp: () => void (current = null),
  };
}
