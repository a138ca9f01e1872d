// Forks: gives out a session as it was after a turn, and begins a session as the copy of another one.
import { answer, failure, type Answer } from "../../shared/errors/app-error.ts";
import type { ForkSource } from "../../shared/rpc/session-api.ts";
import { decideFork } from "../../shared/transcripts/fork-policy.ts";
import { bodyKey, type BodyBucket } from "../events/body-store.ts";
import type { SessionAgent } from "../agents/session-agent.ts";
import type { SessionLog, SessionLogParts } from "../sessions/session-log.ts";
import type { TranscriptRow, TranscriptStore } from "./transcript-store.ts";

/** A turn's conversation is stored right after its end; a fork asked for in between waits this long at most. */
const STORE_WAIT_MS = 5_000;
const STORE_LOOK_MS = 100;
/** Pieces that are copied at the same time. */
const COPIES_AT_ONCE = 6;

type Parts = Pick<SessionLogParts, "sessions" | "turns" | "events" | "clock"> & {
  transcripts: TranscriptStore;
  bucket: BodyBucket;
  log: SessionLog;
  agent: Pick<SessionAgent, "get">;
};

export type ForkDesk = {
  source(atEvent: number | null): Promise<Answer<ForkSource>>;
  /** Copies the conversation into this session, which was just made for it. */
  fill(source: ForkSource): Promise<void>;
};

export function createForkDesk(parts: Parts): ForkDesk {
  const { sessions, turns, events, transcripts, clock } = parts;

  const look = (atEvent: number | null) => {
    const fitting = atEvent === null ? transcripts.newest() : transcripts.upTo(atEvent);
    const decision = decideFork({
      atEvent,
      cursor: events.cursor(),
      fitting: fitting?.event_seq ?? null,
      newest: transcripts.newest()?.event_seq ?? null,
      newestEnded: events.newestEndOfTurn(),
    });
    return { fitting, decision };
  };

  return {
    async source(atEvent) {
      const deadline = clock.nowMs() + STORE_WAIT_MS;
      for (;;) {
        const { fitting, decision } = look(atEvent);
        if (decision.ok && fitting !== null) return answer(describe(parts, fitting));
        if (!decision.ok && (!decision.retry || clock.nowMs() >= deadline)) {
          return failure("invalid_argument", decision.message);
        }
        await new Promise((resolve) => setTimeout(resolve, STORE_LOOK_MS));
      }
    },
    async fill(source) {
      if (transcripts.newest() !== null || turns.count() > 0) return;
      await copyPieces(parts, source);
      parts.log.write(() => {
        if (transcripts.newest() !== null) return;
        sessions.setInheritedAttachedBytes(source.attached_bytes);
        const { session_id: turn_id, files } = source;
        transcripts.add({ turn_id, event_seq: 0, files, created_at: clock.nowIso() });
        parts.log.refreshStatus(`forked from session ${source.session_id} at event ${source.at_event}`);
        parts.log.oweRow();
      });
    },
  };
}

function describe({ sessions, turns, agent }: Parts, row: TranscriptRow): ForkSource {
  const session = sessions.get();
  return {
    session_id: session.session_id,
    at_event: row.event_seq,
    project: {
      project_id: session.project_id,
      name: session.project_name,
      workspace_id: session.workspace_id,
      branch: session.branch,
      git_url: session.git_url,
    },
    title: session.title,
    claude_session_id: session.claude_session_id,
    files: row.files,
    attached_bytes: session.inherited_attached_bytes + turns.attachedBytes(row.turn_id),
    agent: agent.get()?.pinned ?? null,
  };
}

/** Each session has pieces of its own, so that deleting one takes nothing from the other. */
async function copyPieces({ sessions, bucket }: Parts, source: ForkSource): Promise<void> {
  const own = sessions.get();
  const from = { team_id: own.team_id, session_id: source.session_id };
  const hashes = [...new Set(source.files.flatMap((file) => file.segments.map((segment) => segment.sha256)))];
  for (let first = 0; first < hashes.length; first += COPIES_AT_ONCE) {
    const some = hashes.slice(first, first + COPIES_AT_ONCE);
    await Promise.all(
      some.map((sha256) => copyPiece(bucket, sha256, { from: bodyKey(from, sha256), to: bodyKey(own, sha256) })),
    );
  }
}

async function copyPiece(bucket: BodyBucket, sha256: string, keys: { from: string; to: string }): Promise<void> {
  const piece = await bucket.get(keys.from);
  if (piece === null) throw new Error("a piece of the source's conversation is missing");
  await bucket.put(keys.to, await piece.arrayBuffer(), { sha256 });
}
