// Sandboxes as plain processes on a laptop, kept by the local supervisor (local/sandboxes). They isolate nothing.
import { z } from "zod";
import type { SandboxPort } from "./sandbox-port.ts";

const stateSchema = z.discriminatedUnion("running", [
  z.object({ running: z.literal(true), port: z.int().positive() }),
  z.object({ running: z.literal(false) }),
]);
const startedSchema = z.object({ port: z.int().positive() });

export type ProcessSandboxSettings = { supervisorUrl: string; token: string; workspaceId(): string; edgeUrl: string };

export function createProcessSandbox(settings: ProcessSandboxSettings): SandboxPort {
  const call = async (method: string, options: { query?: string; body?: unknown } = {}): Promise<unknown> => {
    const url = `${settings.supervisorUrl}/sandboxes/${settings.workspaceId()}${options.query ?? ""}`;
    const response = await fetch(url, {
      method,
      headers: { authorization: `Bearer ${settings.token}`, "content-type": "application/json" },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    });
    if (!response.ok) throw new Error(`the supervisor answered ${response.status} to ${method}`);
    return response.status === 204 ? null : response.json();
  };
  /** Where the runner listened when the supervisor was last asked; a wrong one refuses, and the next look corrects it. */
  let known: number | null = null;
  const findPort = async (): Promise<number | null> => {
    const state = stateSchema.parse(await call("GET"));
    known = state.running ? state.port : null;
    return known;
  };

  const end = async (query?: string): Promise<void> => {
    // Another runner may get the port next.
    known = null;
    await call("DELETE", query === undefined ? {} : { query });
    known = null;
  };

  return {
    isRunning: async () => (await findPort()) !== null,
    async start({ env }) {
      const { BERTH_BOOT_TOKEN: boot_token, ...rest } = env;
      const body = { boot_token, edge_url: settings.edgeUrl, env: rest };
      known = startedSchema.parse(await call("PUT", { body })).port;
    },
    async fetch(request) {
      const port = known ?? (await findPort());
      if (port === null) throw new Error("the runner's process is gone");
      const { pathname, search } = new URL(request.url);
      return fetch(new Request(`http://127.0.0.1:${port}${pathname}${search}`, request));
    },
    keepAlive: async () => {},
    stop: () => end(),
    erase: () => end("?erase=true"),
  };
}
