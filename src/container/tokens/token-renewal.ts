// Keeps the run token fresh while the session is busy, also across cuts of the link.
import { setTimeout as sleep } from "node:timers/promises";
import { RUN_TOKEN_RENEW_SECONDS } from "../../shared/limits.ts";
import { runTokenGrantSchema } from "../../shared/rpc/session-host-api.ts";
import { type HostLink, withDeadline } from "../rpc/host-link.ts";
import type { RunTokenFile } from "./run-token-file.ts";

const LOOK_EVERY_MS = 2_000;
const CALL_DEADLINE_MS = 15_000;

export type RenewalParts = { file: RunTokenFile; link: HostLink; runtimeId: string; isBusy: () => boolean };

/** Runs until `signal` is aborted. */
export async function runTokenRenewal(parts: RenewalParts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sleep(LOOK_EVERY_MS, undefined, { signal, ref: false }).catch(() => {});
    const leftMs = parts.file.expiresAtMs() - Date.now();
    if (!signal.aborted && parts.isBusy() && leftMs < RUN_TOKEN_RENEW_SECONDS * 1000) await renew(parts, signal);
  }
}

async function renew({ file, link, runtimeId }: RenewalParts, signal: AbortSignal): Promise<void> {
  const connection = await link.whenConnected(signal);
  if (connection === null) return;
  try {
    const grant = await withDeadline(connection.host.renewRunToken({ runtime_id: runtimeId }), CALL_DEADLINE_MS);
    await file.write(runTokenGrantSchema.parse(grant));
  } catch {
    // The next look tries again.
  }
}
