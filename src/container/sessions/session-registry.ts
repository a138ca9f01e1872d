// The sessions of this runner, each made when it is first asked for, and forgotten once it has ended and was heard out.
import { createSession, type Session } from "./session.ts";
import { removeSessionFiles } from "./session-files.ts";
import type { SessionSettings } from "./session-parts.ts";

export type SessionRegistry = {
  open(sessionId: string): Session;
  /** Stops its turn and its CLI; what it holds besides is given back once all that it said is acknowledged. */
  end(sessionId: string): Promise<void>;
  /** Its connection is gone: one that had ended before, and was only asked about again, is forgotten again. */
  leave(sessionId: string): void;
  busySessions(): string[];
  /** Those whose entries or conversation are not stored outside yet. */
  unsaidSessions(): string[];
  /** Ends the session and removes its files. A repeat changes nothing. */
  forget(sessionId: string): Promise<void>;
  /** Stops all turns and CLIs, then waits for acknowledgements, at most `flushMs`. */
  shutdown(flushMs: number): Promise<void>;
};

export function createSessionRegistry(settings: Omit<SessionSettings, "sessionId" | "lastSourceSeq">): SessionRegistry {
  const sessions = new Map<string, Session>();
  /** The last numbers of those that were forgotten: the object takes a number that it holds already for a repeat. */
  const lastSourceSeqs = new Map<string, number>();

  function open(sessionId: string): Session {
    const known = sessions.get(sessionId);
    if (known !== undefined) return known;
    const session = createSession({ ...settings, sessionId, lastSourceSeq: lastSourceSeqs.get(sessionId) ?? 0 });
    sessions.set(sessionId, session);
    return session;
  }

  /** Gives back what an ended session holds, once everything that it said is acknowledged. */
  async function release(sessionId: string, session: Session): Promise<void> {
    await session.whenFlushed();
    if (sessions.get(sessionId) !== session || session.isBusy()) return;
    lastSourceSeqs.set(sessionId, session.status().last_source_seq);
    sessions.delete(sessionId);
    session.dispose();
  }

  async function end(sessionId: string): Promise<void> {
    const session = sessions.get(sessionId);
    if (session === undefined) return;
    await session.shutdown();
    void release(sessionId, session);
  }

  async function forget(sessionId: string): Promise<void> {
    const session = sessions.get(sessionId);
    await session?.shutdown();
    session?.dispose();
    if (sessions.get(sessionId) === session) sessions.delete(sessionId);
    // A session of the same id would begin from nothing, here as in its object.
    lastSourceSeqs.delete(sessionId);
    await removeSessionFiles(settings.config.stateDir, sessionId);
  }

  const idsOf = (isMeant: (session: Session) => boolean): string[] =>
    [...sessions].filter(([, session]) => isMeant(session)).map(([id]) => id);

  async function shutdown(flushMs: number): Promise<void> {
    const all = [...sessions.values()];
    await Promise.all(all.map((session) => session.shutdown()));
    const flushed = Promise.all(all.map((session) => session.whenFlushed()));
    await Promise.race([flushed, new Promise((resolve) => setTimeout(resolve, flushMs).unref())]);
    for (const session of all) session.dispose();
  }

  return {
    open,
    end,
    forget,
    leave(sessionId) {
      const session = sessions.get(sessionId);
      if (session !== undefined && lastSourceSeqs.has(sessionId)) void release(sessionId, session);
    },
    shutdown,
    busySessions: () => idsOf((session) => session.isBusy()),
    unsaidSessions: () => idsOf((session) => session.hasUnsaid()),
  };
}
