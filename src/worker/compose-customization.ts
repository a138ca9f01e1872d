// Builds what serves the configuration of sessions, and all that stands in it: rules, hooks, commands, skills, servers.
import { verifyRunToken } from "../shared/tokens/run-token-signature.ts";
import { sha256Hex } from "./attachments/upload-ticket.ts";
import { createAgentRows } from "./agents/agent-rows.ts";
import { createCommandService } from "./commands/command-service.ts";
import { createOtherCommands } from "./commands/other-commands.ts";
import { composeMcpServers } from "./compose-mcp-servers.ts";
import { createConfigurationService } from "./configuration/configuration-service.ts";
import { createConfigurationStore } from "./configuration/configuration-store.ts";
import { createPlaceResolver } from "./configuration/place-resolver.ts";
import { createProposalService } from "./configuration/proposal-service.ts";
import { createProposalStore } from "./configuration/proposal-store.ts";
import { type EdgeParts, newId, now } from "./edge-parts.ts";
import { composeHooks } from "./hooks/compose-hooks.ts";
import { createHookRoute } from "./hooks/hook-route.ts";
import { createHookSender } from "./hooks/hook-sender.ts";
import type { Services } from "./mcp/tool-context.ts";
import { createPermissionService } from "./permissions/permission-service.ts";
import { addUserRule } from "./permissions/user-rule.ts";
import { requireModel } from "./sessions/model-choice-policy.ts";
import { createArchiveDownload } from "./skills/download-archive.ts";
import { createSkillService } from "./skills/skill-service.ts";

type Needed = Pick<Services, "projects" | "sessions">;

/** What people configure, each with its tools' services; a confirmed server is tested. */
export function composeCustomization(
  parts: EdgeParts,
  { projects, sessions }: Needed,
): Pick<
  Services,
  "configuration" | "proposals" | "permissions" | "hooks" | "commands" | "otherCommands" | "skills" | "servers"
> {
  const { config, db, guarded, logger, session } = parts;
  const companion = createAgentRows(db);
  const own = createProposalService({
    store: createProposalStore({ db, now, newId, companion }),
    publicUrl: config.publicUrl,
    newId,
    now,
  });
  const configuration = createConfigurationService({
    store: createConfigurationStore({ db, now, companion }),
    proposals: own,
    places: createPlaceResolver({ findProject: projects.find, session }),
    builtIn: config.builtInServers,
  });
  const { servers, proposals } = composeMcpServers(parts, { configuration, projects, proposals: own, sessions });
  const needed = { ...parts, configuration, projects };
  const requireKnownModel = (model: string) => requireModel(model, config.allowedModels);
  return {
    configuration,
    proposals,
    servers,
    permissions: createPermissionService({
      session,
      publicUrl: config.publicUrl,
      addUserRule: (principal, rule) => addUserRule(configuration, principal, rule),
      logger,
    }),
    hooks: composeHooks({ ...needed, send: createHookSender(guarded) }),
    commands: createCommandService({ configuration, requireModel: requireKnownModel }),
    otherCommands: createOtherCommands(needed),
    skills: createSkillService({
      configuration,
      download: createArchiveDownload(guarded),
      sha256Hex: (bytes) => sha256Hex(Uint8Array.from(bytes)),
    }),
  };
}

export function composeHookRoute({
  config,
  guarded,
  logger,
  session,
}: EdgeParts): (request: Request) => Promise<Response> {
  return createHookRoute({
    verifyToken: (token) => verifyRunToken(token, config.runTokenSecret, crypto.subtle),
    session,
    send: createHookSender(guarded),
    nowMs: Date.now,
    logger,
  });
}
