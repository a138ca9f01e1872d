// Decides when an ended session's log moves to the archive, and how its events are cut into pieces there.
import type { SessionStatus } from "../sessions/schema.ts";

export type ArchiveFacts = {
  status: SessionStatus;
  /** When the session changed last. */
  updatedAtMs: number;
  /** Turns that have not ended, or that hold lease or slot. */
  openTurns: number;
  /** Events that lie in the object's own rows. */
  liveEvents: number;
  nowMs: number;
};

/** `later` may be decided again at that time. `nothing`: not until the session changes. */
export type ArchiveDecision = { step: "archive" } | { step: "later"; atMs: number } | { step: "nothing" };

/** How soon it is looked at again whether the last turn has let go of everything. */
const LOOK_AGAIN_MS = 60_000;

export function decideArchive(facts: ArchiveFacts, afterMs: number): ArchiveDecision {
  if (facts.liveEvents === 0 || (facts.status !== "ended" && facts.status !== "failed")) return { step: "nothing" };
  const dueAtMs = facts.updatedAtMs + afterMs;
  if (facts.nowMs < dueAtMs) return { step: "later", atMs: dueAtMs };
  return facts.openTurns > 0 ? { step: "later", atMs: facts.nowMs + LOOK_AGAIN_MS } : { step: "archive" };
}

/** Sizes before compression. */
export type ChunkLimits = { maxChunkBytes: number; maxObjectBytes: number };

/** A chunk is what one read brings into memory; an object is what is built in memory and written at once. */
export const CHUNK_LIMITS: ChunkLimits = { maxChunkBytes: 96 * 1024, maxObjectBytes: 8 * 1024 * 1024 };

/** Whether an event of that size begins a new chunk, or the object is full. A single event always fits. */
export function placeEvent(
  bytes: { event: number; chunk: number; object: number },
  limits: ChunkLimits,
): "chunk" | "new_chunk" | "full" {
  if (bytes.object > 0 && bytes.object + bytes.event > limits.maxObjectBytes) return "full";
  return bytes.chunk > 0 && bytes.chunk + bytes.event > limits.maxChunkBytes ? "new_chunk" : "chunk";
}
