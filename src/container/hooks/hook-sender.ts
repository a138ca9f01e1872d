// Sends HTTP hooks: never from the sandbox, always through the edge.
import type { SendHook } from "./run-http-hook.ts";

export function createHookSender(): SendHook {
  return () => Promise.reject(new Error("no way to the edge yet"));
}
