// Asks the sandbox what runs for this session, and ends what a person names. Nothing is remembered, so nothing is stale.
import { z } from "zod";
import { answer, failure, type Answer } from "../../shared/errors/app-error.ts";
import { processInfoSchema, type ProcessInfo } from "../../shared/processes/schema.ts";
import type { SessionProcesses } from "../../shared/rpc/session-api.ts";
import type { ArchivedLog } from "../archive/archived-log.ts";
import { withDeadline } from "../deadline.ts";
import type { RunnerConnection } from "../runner/runner-connection.ts";
import type { RunnerLink } from "../runner/runner-link.ts";
import type { SessionLogParts } from "../sessions/session-log.ts";
import type { SessionReader } from "../sessions/session-reader.ts";

const DEADLINE_MS = 5_000;

type Parts = Pick<SessionLogParts, "sessions" | "events"> & {
  archived: Pick<ArchivedLog, "get">;
  reader: SessionReader;
  connection: RunnerConnection;
  onError(error: unknown): void;
};

export type ProcessDesk = {
  list(): Promise<SessionProcesses>;
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
    const link = await openLink();
    if (link === null) return null;
    try {
      return z.array(processInfoSchema).parse(await withDeadline(link.runner.listProcesses(), DEADLINE_MS));
    } catch (error) {
      parts.onError(error);
      return null;
    }
  };

  return {
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
