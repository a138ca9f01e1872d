// Builds what serves hooks, commands and skills, out of what the composition root hands in.
import type { SessionApi } from "../shared/rpc/session-api.ts";
import type { WorkspaceApi } from "../shared/rpc/workspace-api.ts";
import { createCommandService } from "./commands/command-service.ts";
import { createOtherCommands } from "./commands/other-commands.ts";
import type { ConfigurationService } from "./configuration/configuration-service.ts";
import { composeHooks } from "./hooks/compose-hooks.ts";
import { createHookRoute } from "./hooks/hook-route.ts";
import { createHookSender } from "./hooks/hook-sender.ts";
import type { Services } from "./mcp/tool-context.ts";
import type { GuardedFetch } from "./outbound/guarded-fetch.ts";
import type { ProjectService } from "./projects/project-service.ts";
import { createArchiveDownload } from "./skills/download-archive.ts";
import { createSkillService } from "./skills/skill-service.ts";
import type { Logger } from "./telemetry/logger.ts";

export type CustomizationParts = {
  configuration: ConfigurationService;
  projects: ProjectService;
  workspace: (id: string) => WorkspaceApi;
  session: (id: string) => SessionApi;
  /** The one way to addresses that people enter. */
  guarded: GuardedFetch;
  requireModel: (model: string) => void;
  sha256Hex: (bytes: Uint8Array<ArrayBuffer>) => Promise<string>;
};

export function composeCustomization(
  parts: CustomizationParts,
): Pick<Services, "hooks" | "commands" | "otherCommands" | "skills"> {
  const { guarded, sha256Hex } = parts;
  return {
    hooks: composeHooks({ ...parts, send: createHookSender(guarded) }),
    commands: createCommandService(parts),
    otherCommands: createOtherCommands(parts),
    skills: createSkillService({
      ...parts,
      download: createArchiveDownload(guarded),
      sha256Hex: (bytes) => sha256Hex(Uint8Array.from(bytes)),
    }),
  };
}

export type HookRouteParts = {
  verifyToken: (token: string) => Promise<unknown>;
  session: (id: string) => SessionApi;
  guarded: GuardedFetch;
  logger: Logger;
};

export function composeHookRoute({ guarded, ...parts }: HookRouteParts): (request: Request) => Promise<Response> {
  return createHookRoute({ ...parts, send: createHookSender(guarded), nowMs: Date.now });
}
