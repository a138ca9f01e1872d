// Keeps the session's row in the registry of what runs: owed to the index with each change, removed when it is at rest.
import { decideIndexing, isAtRest, isFiguresNews, sumUp } from "../../shared/processes/registry-policy.ts";
import type { ProcessFigures, ProcessInfo, RunningSession } from "../../shared/processes/schema.ts";
import type { Clock } from "../clock.ts";
import type { EventStore } from "../events/event-store.ts";
import type { OutboxStore } from "../outbox/outbox-store.ts";
import type { SessionStore } from "../sessions/session-store.ts";
import type { TurnStore } from "../sessions/turn-store.ts";
import type { RegistryEntry } from "./registry-entry.ts";

type Parts = {
  entry: RegistryEntry;
  sessions: SessionStore;
  turns: TurnStore;
  events: EventStore;
  outbox: OutboxStore;
  clock: Clock;
};

export type ProcessRegistry = {
  /** After a change of status or turn, inside its transaction. */
  oweRow(): void;
  /** The index is owed what is true, whatever it has: a row that nobody remembers is taken away. */
  oweTruth(): void;
  /** What the sandbox of that runtime says now. True when the index is owed it. */
  noteProcesses(runtimeId: string, processes: readonly ProcessInfo[]): boolean;
  /** The row as it is now; null for a session at rest. */
  describe(): RunningSession | null;
};

export function createProcessRegistry(parts: Parts): ProcessRegistry {
  const { entry, sessions, outbox, clock } = parts;

  const put = (): void => {
    const running = describe(parts);
    if (running === null) return;
    const { last_event, ...row } = running;
    outbox.put("process", row.session_id, {
      ...row,
      team_id: sessions.get().team_id,
      last_event_seq: last_event?.seq ?? null,
      last_event_type: last_event?.type ?? null,
      last_event_at: last_event?.at ?? null,
      updated_at: clock.nowIso(),
      version: entry.markIndexed(true, clock.nowMs()),
    });
  };
  const remove = (): void => {
    const { session_id } = sessions.get();
    outbox.put("process", session_id, { session_id, version: entry.markIndexed(false, clock.nowMs()), removed: 1 });
  };
  const owe = (indexed: boolean): void => {
    const decision = decideIndexing({ status: sessions.get().status, indexed });
    if (decision === "put") put();
    if (decision === "remove") remove();
  };

  return {
    describe: () => describe(parts),
    oweRow: () => owe(entry.get().indexed),
    oweTruth: () => owe(true),
    noteProcesses(runtimeId, processes) {
      const now = sumUp(processes);
      const { figures_written_at_ms: writtenAtMs } = entry.get();
      const before = knownFigures(parts, runtimeId);
      entry.setFigures({ ...now, runtime_id: runtimeId, checked_at: clock.nowIso() });
      const isOurs = sessions.get().runtime_id === runtimeId && !isAtRest(sessions.get().status);
      if (!isOurs || !isFiguresNews({ before, now, writtenAtMs, nowMs: clock.nowMs() })) return false;
      entry.markFiguresWritten(clock.nowMs());
      put();
      return true;
    },
  };
}

function describe(parts: Parts): RunningSession | null {
  const session = parts.sessions.get();
  if (isAtRest(session.status)) return null;
  const { session_id, owner_id, project_id, project_name: project, branch, status, runtime_id } = session;
  const turn = parts.turns.open().at(-1) ?? parts.turns.nextQueued();
  return {
    session_id,
    owner_id,
    project_id,
    project,
    branch,
    status,
    runtime_id,
    turn_id: turn?.turn_id ?? null,
    last_event: parts.events.newest(),
    ...figuresOf(parts, runtime_id),
  };
}

const NOTHING_KNOWN = { pid: null, started_at: null, processes: 0, cpu_percent: 0, rss_bytes: 0 };

/** What another runtime ran runs no more. */
function knownFigures({ entry }: Parts, runtimeId: string): ProcessFigures | null {
  const { runtime_id, pid, started_at, processes, cpu_percent, rss_bytes } = entry.get();
  return runtime_id === runtimeId ? { pid, started_at, processes, cpu_percent, rss_bytes } : null;
}

function figuresOf(parts: Parts, runtimeId: string | null): ProcessFigures & { checked_at: string | null } {
  const known = runtimeId === null ? null : knownFigures(parts, runtimeId);
  return known === null
    ? { ...NOTHING_KNOWN, checked_at: null }
    : { ...known, checked_at: parts.entry.get().checked_at };
}
