// Deletes everything of a session outside of its object: work, sandbox files, R2, the index. Repeated until it is true.
import { failure } from "../../shared/errors/app-error.ts";
import { withDeadline } from "../deadline.ts";
import type { Exclusive } from "../exclusive.ts";
import { deliverOutbox } from "../outbox/outbox-delivery.ts";
import type { OutboxRow } from "../outbox/outbox-store.ts";
import type { RunnerConnection } from "../runner/runner-connection.ts";
import type { SessionEnder } from "../sessions/session-ender.ts";
import type { SessionLog, SessionLogParts } from "../sessions/session-log.ts";
import { sessionPrefix } from "./archive-keys.ts";
import type { PutGuard } from "./put-guard.ts";

const FORGET_DEADLINE_MS = 10_000;
const RETRY_MS = 15_000;
const REASON = "is being deleted";

/** Tables whose rows can stand at the scope of a session. */
const PLACED_TABLES = [
  "configuration_items",
  "configuration_changes",
  "proposals",
  "secrets",
  "mcp_connections",
  "mcp_sign_ins",
  "mcp_server_health",
] as const;

/** What could not be removed now, in words for people. */
export type Left = "stored files" | "its row in the index";

type Parts = Pick<SessionLogParts, "storage" | "sessions" | "outbox" | "clock"> & {
  log: SessionLog;
  ender: SessionEnder;
  connection: RunnerConnection;
  puts: PutGuard;
  exclusively: Exclusive;
  releaseEnded(): Promise<void>;
  /** What the outbox owes to others than D1. */
  tellOwed(rows: readonly OutboxRow[]): Promise<void>;
  /** The alarm goes on then, unless the object is empty by that time. */
  deleteAgainAt(atMs: number): void;
  onError(error: unknown): void;
};

export type SessionDeleter = {
  /** True from the first `run` on. */
  isRequested(): boolean;
  /** True when the last run left nothing. */
  isDone(): boolean;
  /** Gives what is left. When nothing is, the object's own storage may be emptied. */
  run(database: D1Database): Promise<Left[]>;
};

export function createSessionDeleter(parts: Parts): SessionDeleter {
  let running: Promise<Left[]> | null = null;
  let isDone = false;
  return {
    isDone: () => isDone,
    isRequested: () => isDeletionRequested(parts.storage),
    run(database) {
      running ??= runOnce(parts, database)
        .then((left) => {
          isDone = left.length === 0;
          return left;
        })
        .finally(() => (running = null));
      return running;
    },
  };
}

export function isDeletionRequested({ sql }: Pick<SessionLogParts["storage"], "sql">): boolean {
  return sql.exec("SELECT 1 FROM deletion").toArray().length > 0;
}

async function runOnce(parts: Parts, database: D1Database): Promise<Left[]> {
  parts.storage.sql.exec("INSERT OR IGNORE INTO deletion (id, requested_at) VALUES (1, ?)", parts.clock.nowIso());
  parts.deleteAgainAt(parts.clock.nowMs() + RETRY_MS);
  await endWork(parts);
  const left: Left[] = [];
  const attempt = async (what: Left, work: () => Promise<void>): Promise<void> => {
    await work().catch((error: unknown) => {
      parts.onError(error);
      left.push(what);
    });
  };
  await attempt("stored files", () => emptyBucket(parts));
  await attempt("its row in the index", () => clearIndex(parts, database));
  return left;
}

/** A sandbox that does not answer keeps its files until it is replaced; its runtime opens nothing any more. */
async function endWork({ sessions, log, ender, connection, onError, ...parts }: Parts): Promise<void> {
  if (sessions.get().status === "ended") log.write(() => log.sessionEnded(REASON));
  else await ender.end(REASON);
  const runtimeId = sessions.get().runtime_id;
  const link = runtimeId === null ? null : await connection.open(runtimeId);
  if (link !== null) {
    await withDeadline(link.runner.forgetSession(), FORGET_DEADLINE_MS).then(() => sessions.setRuntime(null), onError);
  }
  connection.close();
  await parts.releaseEnded().catch(onError);
}

async function emptyBucket({ puts, sessions }: Parts): Promise<void> {
  await puts.whenQuiet();
  const prefix = sessionPrefix(sessions.get());
  for (;;) {
    const { objects } = await puts.bucket.list({ prefix });
    if (objects.length === 0) return;
    await puts.bucket.delete(objects.map(({ key }) => key));
  }
}

/** What turns have cost stays for accounting. No delivery that is under way can bring the session's row back. */
function clearIndex({ sessions, outbox, exclusively, tellOwed }: Parts, database: D1Database): Promise<void> {
  return exclusively(async () => {
    const { session_id, team_id } = sessions.get();
    outbox.drop("session");
    outbox.drop("process");
    while (!(await deliverOutbox(outbox, database, tellOwed)));
    await database.batch([
      database.prepare("DELETE FROM sessions WHERE id = ?").bind(session_id),
      database.prepare("DELETE FROM session_processes WHERE session_id = ?").bind(session_id),
      ...PLACED_TABLES.map((table) =>
        database
          .prepare(`DELETE FROM ${table} WHERE team_id = ? AND scope = 'session' AND scope_id = ?`)
          .bind(team_id, session_id),
      ),
    ]);
  });
}

/** `left` is null while the work is still going on. */
export function explainLeft(left: readonly Left[] | null): ReturnType<typeof failure> {
  const what = left === null || left.length === 0 ? "some of what it stored" : left.join(" and ");
  const message = `The session is not deleted yet: ${what} could not be removed so far. It takes no prompts any more, and Berth goes on deleting by itself. Call delete_session again to see.`;
  return failure("deletion_incomplete", message);
}
