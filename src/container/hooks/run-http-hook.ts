// Runs one HTTP hook: the object sends it, through the guard that every address goes through which people entered.
import { shortenToFit } from "../../shared/events/shorten.ts";
import type { HttpHook } from "../../shared/hooks/hook-schema.ts";
import type { HookInput } from "../../shared/hooks/match-hook.ts";
import type { HookRequest, HookResponse } from "../../shared/hooks/hook-request.ts";
import { withDeadline } from "../rpc/host-link.ts";
import { type TimedEnd, tookTooLong } from "./run-command-hook.ts";

/** Larger inputs, as of a tool that writes a large file, are shortened. */
const MAX_INPUT_BYTES = 512 * 1024;

/** Resolves once a connection to the object is there; rejects when it is cut. */
export type SendHook = (request: HookRequest, signal: AbortSignal) => Promise<HookResponse>;

export type HttpRun = { hook: HttpHook; input: HookInput; timeoutMs: number; signal: AbortSignal };

export async function runHttpHook(send: SendHook, { hook, input, timeoutMs, signal }: HttpRun): Promise<TimedEnd> {
  const body = JSON.stringify(shortenToFit(input, MAX_INPUT_BYTES));
  const request = { url: hook.url, headers: hook.headers ?? {}, body, timeout_ms: timeoutMs };
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), timeoutMs);
  const onAbort = () => stop.abort();
  signal.addEventListener("abort", onAbort);
  try {
    const response = await withDeadline(send(request, stop.signal), timeoutMs);
    if (response.failure !== null) return failed(response.failure, stop.signal.aborted);
    return { ...NOTHING, http_status: response.status, stdout: response.body };
  } catch {
    return stop.signal.aborted ? failed(tookTooLong(timeoutMs), true) : failed("its request could not be sent", false);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  }
}

const NOTHING: TimedEnd = {
  exit_code: null,
  http_status: null,
  stdout: "",
  stderr: "",
  failure: null,
  timed_out: false,
};

function failed(failure: string, timed_out: boolean): TimedEnd {
  return { ...NOTHING, failure, timed_out };
}
