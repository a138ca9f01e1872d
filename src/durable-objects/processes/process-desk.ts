// Asks the sandbox what runs for this session, tells the registry what it said, and ends what a person names.
import { z } from "zod";
import { answer, failure, type Answer } from "../../shared/errors/app-error.ts";
import { processInfoSchema, type ProcessInfo, type RunningSession } from "../../shared/processes/schema.ts";
import type { SessionProcesses } from "../../shared/rpc/session-api.ts";
import type { ArchivedLog } from "../archive/archived-log.ts";
import { withDeadline } from "../deadline.ts";
import type { RunnerConnection } from "../runner/runner-connection.ts";
import type { RunnerLink } from "../runner/runner-link.ts";
import type { SessionLogParts } from "../sessions/session-log.ts";
import type { SessionReader } from "../sessions/session-reader.ts";
import type { ProcessRegistry } from "./process-registry.ts";

const DEADLINE_MS = 5_000;

type Parts = Pick<SessionLogParts, "sessions" | "events"> & {
  archived: Pick<ArchivedLog, "get">;
  registry: ProcessRegistry;
  reader: SessionReader;
  connection: RunnerConnection;
  onError(error: unknown): void;
};

export type ProcessDesk = {
  list(): Promise<SessionProcesses>;
  /** Has the sandbox say what runs, and owes the index the truth: its row heals whatever it said. */
  review(): Promise<RunningSession | null>;
  /** The same over the open link alone, as often as it is watched. */
  look(): Promise<void>;
  kill(request: { pid: number; force: boolean }): Promise<Answer<{ killed: boolean }>>;
};

export function createProcessDesk(parts: Parts): ProcessDesk {
  const { sessions, events, archived, reader, connection } = parts;

  /** A session that never ran anywhere has no link, and nothing that runs. */
  const openLink = async (): Promise<RunnerLink | null> => {
    const { runtime_id } = sessions.get();
    return runtime_id === null ? null : connection.open(runtime_id);
  };

  const ask = async (): Promise<ProcessInfo[] | null> => {
    return askLink(await openLink());
  };

  const askLink = async (link: RunnerLink | null): Promise<ProcessInfo[] | null> => {
    if (link === null) return null;
    try {
      const found = await parseProcesses(link);
      parts.registry.noteProcesses(link.runtimeId, found);
      return found;
    } catch (error) {
      parts.onError(error);
      return null;
    }
  };

  return {
    async review() {
      if (parts.registry.describe() !== null) await ask();
      parts.registry.oweTruth();
      return parts.registry.describe();
    },
    async look() {
      await askLink(connection.current());
    },
    async list() {
      const found = await ask();
      const { session, turn } = reader.view();
      const { runtime_id } = sessions.get();
      const last = await archived.get(events.cursor());
      return {
        session,
        turn,
        runtime_id,
        processes: found ?? [],
        checked: found !== null || runtime_id === null,
        last_event: last === null ? null : { seq: last.seq, type: last.type, at: last.at },
      };
    },
    async kill(request) {
      const link = await openLink();
      if (link === null) return failure("sandbox_unavailable", "The sandbox does not answer. Try again in a moment.");
      return answer(await withDeadline(link.runner.killProcess(request), DEADLINE_MS));
    },
  };
}

async function parseProcesses(link: RunnerLink): Promise<ProcessInfo[]> {
  return z.array(processInfoSchema).parse(await withDeadline(link.runner.listProcesses(), DEADLINE_MS));
}
