// The guard in the form that the MCP client library asks for: all of its requests go through it.
import type { FetchLike } from "@modelcontextprotocol/client";
import { AppError } from "../../shared/errors/app-error.ts";
import type { GuardedFetch, OutboundLimits } from "../outbound/guarded-fetch.ts";

export type FailureNote = { last: AppError | null };

/** `note`: the guard's own words for a failure, which the library wraps into its own. */
export function toMcpFetch(guarded: GuardedFetch, limits: OutboundLimits, note: FailureNote): FetchLike {
  return async (input, init = {}) => {
    const { method, headers, body, signal } = init;
    try {
      return await guarded({
        url: String(input),
        ...(method === undefined ? {} : { method }),
        ...(headers === undefined ? {} : { headers }),
        body: toText(body),
        signal: signal ?? null,
        limits,
        onCut: (why) => void (note.last = why),
      });
    } catch (error) {
      if (error instanceof AppError) note.last = error;
      throw error;
    }
  };
}

function toText(body: RequestInit["body"]): string | null {
  if (body === undefined || body === null) return null;
  if (typeof body === "string") return body;
  if (body instanceof URLSearchParams) return body.toString();
  throw new Error("The MCP client sends text alone.");
}
