// Chooses how sandboxes run, and prepares what the choice needs: the supervisor's process, or the containers and their forwarder.
import { join } from "node:path";
import { AppError } from "../src/shared/errors/app-error.ts";
import { describeSandbox } from "./banner.ts";
import type { Docker } from "./containers.ts";
import { type Forwarder, startForwarder } from "./forwarder/forwarder.ts";
import { hashPaths, readMemory, remember } from "./memory.ts";
import type { SandboxMode, Settings } from "./settings.ts";
import { workerNameOf } from "./wrangler.ts";

export type SandboxChoice = { mode: SandboxMode; dockerAnswers: boolean; explanation: string };

export async function chooseSandbox(settings: Settings, docker: Docker): Promise<SandboxChoice> {
  const dockerAnswers = await docker.answers();
  if (settings.sandbox === "container" && !dockerAnswers) {
    const message = "SANDBOX=container needs Docker, and Docker does not answer. Start it, or use SANDBOX=process.";
    throw new AppError("sandbox_start_failed", message);
  }
  const mode = settings.sandbox ?? (dockerAnswers ? "container" : "process");
  const reason = settings.sandbox !== null ? "asked" : dockerAnswers ? "docker" : "no-docker";
  return { mode, dockerAnswers, explanation: describeSandbox(mode, reason) };
}

export type ContainerContext = { repository: string; memoryPath: string; homeId: string; docker: Docker };

/** What is built into the image: a container of an earlier run may only go on when all of it is the same. */
function hashImage(repository: string): string {
  return hashPaths(["src/container", "src/shared", ".dockerignore"].map((path) => join(repository, path)));
}

/**
 * Ends the containers that an earlier run left, but keeps them when that run was killed and their image is the one of
 * now: wrangler takes a container of the same name over, and the turn in it finishes. Resolves to what was ended.
 */
export async function endStaleContainers(context: ContainerContext, mode: SandboxMode): Promise<string[]> {
  const { repository, memoryPath, homeId, docker } = context;
  const image = hashImage(repository);
  const memory = readMemory(memoryPath);
  const isSame = mode === "container" && memory.image_sha256 === image;
  if (mode === "container") remember(memoryPath, { image_sha256: image });
  return isSame ? [] : docker.removeSandboxes(workerNameOf(homeId));
}

/** On the bridge's address where that is this machine's own, else (Docker Desktop) on loopback, which containers reach. */
export async function openForwarder(context: ContainerContext, edgePort: number): Promise<Forwarder> {
  const port = readMemory(context.memoryPath).forwarder_port ?? 0;
  const bridge = await context.docker.bridgeAddress();
  const addresses = bridge === null ? ["127.0.0.1"] : [bridge, "127.0.0.1"];
  const tries = addresses.flatMap((address) => [{ address, port }, ...(port === 0 ? [] : [{ address, port: 0 }])]);
  for (const { address, port: wanted } of tries) {
    const forwarder = await startForwarder({ address, port: wanted, edgePort }).catch(keepTrying);
    if (forwarder === null) continue;
    // Kept for the next start: containers that live on dial the port that they were started with.
    remember(context.memoryPath, { forwarder_port: forwarder.port });
    return forwarder;
  }
  throw new AppError("sandbox_start_failed", "The forwarder for containers found no address to listen on.");
}

function keepTrying(error: unknown): null {
  const reason = error instanceof AppError ? error.context["reason"] : undefined;
  if (reason === "EADDRNOTAVAIL" || reason === "EADDRINUSE") return null;
  throw error;
}
