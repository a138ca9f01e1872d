// What is known about the Claude Code program: the one inside the sandbox, and the newest that is published.
import { z } from "zod";
import { AppError, unwrap } from "../../shared/errors/app-error.ts";
import type { ClaudeBinary } from "../../shared/rpc/runner-workspace-api.ts";
import type { Principal } from "../../shared/teams/principal.ts";

type ClaudeUpdate = { installed: ClaudeBinary; newest: { version: string; package_version: string } };

export type RuntimeService = {
  findBinary(principal: Principal, project: string | null): Promise<ClaudeBinary>;
  checkUpdates(principal: Principal, project: string | null): Promise<ClaudeUpdate>;
};

export type RuntimeServiceOptions = {
  /** Asks the sandbox of the person's project, starting it when none runs. */
  askSandbox: (principal: Principal, project: string | null) => Promise<Parameters<typeof unwrap<ClaudeBinary>>[0]>;
  fetch: (url: string, init: { signal: AbortSignal; headers: Record<string, string> }) => Promise<Response>;
  registryUrl: string;
};

/** The npm package that brings the CLI, in both kinds of sandbox. */
export const CLAUDE_PACKAGE = "@anthropic-ai/claude-agent-sdk";
const REGISTRY_TIMEOUT_MS = 10_000;

const packageSchema = z.object({
  version: z.string().regex(/^[\w.+-]{1,64}$/),
  claudeCodeVersion: z.string().regex(/^[\w.+-]{1,64}$/),
});

export function createRuntimeService(options: RuntimeServiceOptions): RuntimeService {
  const findBinary = async (principal: Principal, project: string | null) =>
    unwrap(await options.askSandbox(principal, project));
  return {
    findBinary,
    async checkUpdates(principal, project) {
      const [installed, newest] = await Promise.all([findBinary(principal, project), fetchNewest(options)]);
      return { installed, newest };
    },
  };
}

async function fetchNewest(options: RuntimeServiceOptions): Promise<ClaudeUpdate["newest"]> {
  const body = await fetchPackage(options).catch((cause: unknown) => {
    throw unavailable(cause);
  });
  const parsed = packageSchema.safeParse(body);
  if (!parsed.success) throw unavailable(parsed.error);
  return { version: parsed.data.claudeCodeVersion, package_version: parsed.data.version };
}

async function fetchPackage(options: RuntimeServiceOptions): Promise<unknown> {
  const response = await options.fetch(`${options.registryUrl}/${CLAUDE_PACKAGE}/latest`, {
    signal: AbortSignal.timeout(REGISTRY_TIMEOUT_MS),
    headers: { accept: "application/json" },
  });
  if (!response.ok) throw new Error(`registry answered ${response.status}`);
  return response.json();
}

function unavailable(cause: unknown): AppError {
  const message = "The package registry did not give an answer that can be read. Try again later; nothing was changed.";
  return new AppError("registry_unavailable", message, { cause });
}
