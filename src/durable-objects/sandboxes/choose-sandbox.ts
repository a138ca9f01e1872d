// Picks the adapter that the configuration names.
import type { ObjectConfig } from "../config.ts";
import { createContainerSandbox } from "./container-sandbox.ts";
import { createProcessSandbox } from "./process-sandbox.ts";
import type { SandboxPort } from "./sandbox-port.ts";

export function chooseSandbox(
  config: ObjectConfig,
  container: Container | undefined,
  workspaceId: () => string,
): SandboxPort {
  if (config.sandbox === "process") {
    return createProcessSandbox({
      supervisorUrl: config.supervisorUrl,
      token: config.supervisorToken,
      workspaceId,
      edgeUrl: config.sandboxEdgeUrl,
    });
  }
  if (container === undefined) throw new Error("this object has no container; wrangler.toml must attach one");
  return createContainerSandbox(container);
}
