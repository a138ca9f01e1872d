// Fetches an archive from an address that a person entered, through the guard, within limits.
import { AppError } from "../../shared/errors/app-error.ts";
import type { GuardedFetch, OutboundLimits } from "../outbound/guarded-fetch.ts";

/** A whole repository may hold much besides the skill. */
const LIMITS: OutboundLimits = {
  headMs: 15_000,
  maxBytes: 24 * 1024 * 1024,
  totalMs: 30_000,
  idleMs: 10_000,
  redirects: 5,
};

export function createArchiveDownload(guarded: GuardedFetch): (url: string) => Promise<Uint8Array> {
  return async (url) => {
    const answer = await guarded({
      url,
      headers: { accept: "application/zip, */*", "user-agent": "Berth" },
      limits: LIMITS,
    });
    if (!answer.ok) {
      throw new AppError(
        "skill_refused",
        `The archive's server answered ${answer.status}. Check the address, and that it is public.`,
      );
    }
    return new Uint8Array(await answer.arrayBuffer());
  };
}
