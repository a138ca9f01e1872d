// Sandboxes as containers, by the object's own ctx.container.
import { RUNNER_PORT } from "../../shared/rpc/protocol.ts";
import type { SandboxPort } from "./sandbox-port.ts";

/** A sandbox outlives its object's sleep by this long. One that holds files is kept by the Workspace object's alarm. */
const KEEP_ALIVE_MS = 24 * 60 * 60_000;

export function createContainerSandbox(container: Container): SandboxPort {
  const stop = async (): Promise<void> => {
    if (container.running) await container.destroy();
  };
  const keepAlive = async (): Promise<void> => {
    // The local runtime ends a container by itself; where this is not offered nothing has to be asked for.
    await container.setInactivityTimeout(KEEP_ALIVE_MS).catch(() => undefined);
  };
  return {
    keepAlive,
    isRunning: async () => container.running,
    async start({ env }) {
      container.start({ enableInternet: true, env: { ...env, PORT: String(RUNNER_PORT) } });
      await keepAlive();
    },
    fetch: (request) => container.getTcpPort(RUNNER_PORT).fetch(request),
    stop,
    erase: stop,
  };
}
