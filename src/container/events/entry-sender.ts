// Sends a session's spooled entries in order, one batch at a time, and again after a cut, until they are acknowledged.
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { isTooDeep } from "../../shared/events/shorten.ts";
import type { RunnerEntry } from "../../shared/rpc/runner-entry.ts";
import { type HostConnection, type HostLink, withDeadline } from "../rpc/host-link.ts";
import { LARGE_ENTRY_BYTES, storeLargeBody } from "./entry-body.ts";
import type { EntrySpool } from "./entry-spool.ts";

/** A call that takes longer than this means that the link is dead. */
const CALL_DEADLINE_MS = 60_000;
const PAUSE_AFTER_FAILURE_MS = 200;

const acknowledgementSchema = z.object({ acknowledged_source_seq: z.int().nonnegative() });
const storedSchema = z.object({ stored: z.boolean() });

export type SenderParts = { spool: EntrySpool; link: HostLink; runtimeId: string };

/** Runs until `signal` is aborted. */
export async function runEntrySender(parts: SenderParts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await parts.spool.whenAfter(parts.spool.acknowledgedSeq());
    const connection = await parts.link.whenConnected(signal);
    if (connection === null) return;
    try {
      await sendBatch(parts, connection);
    } catch {
      // Whatever went wrong, the next hello of the object says what it holds, and sending goes on from there.
      connection.close("the entries could not be sent");
      await sleep(PAUSE_AFTER_FAILURE_MS);
    }
  }
}

async function sendBatch(parts: SenderParts, connection: HostConnection): Promise<void> {
  const { spool, runtimeId } = parts;
  const entries = await prepareBatch(parts, connection);
  if (entries.length === 0) return;
  const answer = await withDeadline(connection.host.append({ runtime_id: runtimeId, entries }), CALL_DEADLINE_MS);
  const { acknowledged_source_seq: seq } = acknowledgementSchema.parse(answer);
  if (seq < (entries.at(-1)?.source_seq ?? 0)) throw new Error("The object acknowledged less than it was sent");
  spool.acknowledge(seq);
}

/** The oldest entries up to the first large one, or that one alone with its body stored. */
async function prepareBatch({ spool, runtimeId }: SenderParts, connection: HostConnection): Promise<RunnerEntry[]> {
  const pending = spool.readFrom(spool.acknowledgedSeq() + 1);
  const firstLarge = pending.findIndex(({ entry, bytes }) => bytes > LARGE_ENTRY_BYTES || isTooDeep(entry));
  const large = firstLarge === 0 ? pending[0] : undefined;
  if (large === undefined) {
    return pending.slice(0, firstLarge === -1 ? undefined : firstLarge).map(({ entry }) => entry);
  }
  return [
    await storeLargeBody(large.entry, runtimeId, async (part) =>
      storedSchema.parse(await withDeadline(connection.host.putBodyPart(part), CALL_DEADLINE_MS)),
    ),
  ];
}
