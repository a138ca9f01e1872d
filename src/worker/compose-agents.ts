// Builds what serves agents, their executions, delegated tasks, and prompts.
import { createAgentFiles } from "./agents/agent-files.ts";
import { createAgentService } from "./agents/agent-service.ts";
import { createAgentStore } from "./agents/agent-store.ts";
import { createExecutionService } from "./agents/execution-service.ts";
import { createExecutionStore } from "./agents/execution-store.ts";
import { createAgentFileFetch } from "./agents/fetch-agent-file.ts";
import { createDelegationService } from "./delegation/delegation-service.ts";
import { type EdgeParts, newId } from "./edge-parts.ts";
import type { Services } from "./mcp/tool-context.ts";
import { createPromptService } from "./prompts/prompt-service.ts";
import { createSavedCommands } from "./prompts/saved-commands.ts";
import { requireModel } from "./sessions/model-choice-policy.ts";

export function composeAgents(
  { db, config, guarded }: EdgeParts,
  {
    configuration,
    sessions,
    checkpoints,
    projects,
  }: Pick<Services, "configuration" | "sessions" | "checkpoints" | "projects">,
): Pick<Services, "agents" | "agentFiles" | "executions" | "delegation" | "prompts"> {
  const agents = createAgentService({
    store: createAgentStore(db),
    configuration,
    requireModel: (model) => requireModel(model, config.allowedModels),
    newId,
  });
  return {
    agents,
    agentFiles: createAgentFiles(createAgentFileFetch(guarded)),
    executions: createExecutionService({ agents, sessions, store: createExecutionStore(db) }),
    prompts: createPromptService({ commands: createSavedCommands(db), projects, head: checkpoints.head }),
    delegation: createDelegationService({ sessions, head: checkpoints.head, nowMs: Date.now }),
  };
}
