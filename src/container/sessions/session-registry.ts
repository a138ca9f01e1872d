// The sessions of this runner, each made when it is first asked for.
import { createSession, type Session } from "./session.ts";
import { removeSessionFiles } from "./session-files.ts";
import type { SessionSettings } from "./session-parts.ts";

export type SessionRegistry = {
  open(sessionId: string): Session;
  busySessions(): string[];
  /** Ends the session and removes its files. A repeat changes nothing. */
  forget(sessionId: string): Promise<void>;
  /** Stops all turns and CLIs, then waits for acknowledgements, at most `flushMs`. */
  shutdown(flushMs: number): Promise<void>;
};

export function createSessionRegistry(settings: Omit<SessionSettings, "sessionId">): SessionRegistry {
  const sessions = new Map<string, Session>();

  function open(sessionId: string): Session {
    const known = sessions.get(sessionId);
    if (known !== undefined) return known;
    const session = createSession({ ...settings, sessionId });
    sessions.set(sessionId, session);
    return session;
  }

  async function forget(sessionId: string): Promise<void> {
    const session = sessions.get(sessionId);
    await session?.shutdown();
    session?.dispose();
    if (sessions.get(sessionId) === session) sessions.delete(sessionId);
    await removeSessionFiles(settings.config.stateDir, sessionId);
  }

  async function shutdown(flushMs: number): Promise<void> {
    const all = [...sessions.values()];
    await Promise.all(all.map((session) => session.shutdown()));
    const flushed = Promise.all(all.map((session) => session.whenFlushed()));
    await Promise.race([flushed, new Promise((resolve) => setTimeout(resolve, flushMs).unref())]);
    for (const session of all) session.dispose();
  }

  return {
    open,
    forget,
    shutdown,
    busySessions: () => [...sessions].filter(([, session]) => session.isBusy()).map(([id]) => id),
  };
}
