// What a tool gets to work with: who asks, the services, and how to report progress.
import type { BudgetService } from "../budgets/budget-service.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import type { AgentFiles } from "../agents/agent-files.ts";
import type { AgentService } from "../agents/agent-service.ts";
import type { DelegationService } from "../delegation/delegation-service.ts";
import type { ExecutionService } from "../agents/execution-service.ts";
import type { UsageService } from "../accounting/usage-service.ts";
import type { AuditService } from "../audit/audit-service.ts";
import type { UploadService } from "../attachments/upload-service.ts";
import type { ArchiveService } from "../archive/archive-service.ts";
import type { BranchService } from "../branches/branch-service.ts";
import type { CheckpointServices } from "../checkpoints/compose-checkpoints.ts";
import type { ConfigurationService } from "../configuration/configuration-service.ts";
import type { ProposalService } from "../configuration/proposal-service.ts";
import type { PermissionService } from "../permissions/permission-service.ts";
import type { ServerServices } from "../mcp-servers/compose-servers.ts";
import type { CommandService } from "../commands/command-service.ts";
import type { OtherCommands } from "../commands/other-commands.ts";
import type { SkillService } from "../skills/skill-service.ts";
import type { HookService } from "../hooks/hook-service.ts";
import type { ProcessService } from "../processes/process-service.ts";
import type { PromptService } from "../prompts/prompt-service.ts";
import type { ProjectService } from "../projects/project-service.ts";
import type { RuntimeService } from "../runtime/runtime-service.ts";
import type { SessionService } from "../sessions/session-service.ts";
import type { WatchService } from "../sessions/watch-service.ts";

export type Services = {
  agents: AgentService;
  agentFiles: AgentFiles;
  executions: ExecutionService;
  delegation: DelegationService;
  archive: ArchiveService;
  attachments: UploadService;
  branches: BranchService;
  checkpoints: CheckpointServices;
  configuration: ConfigurationService;
  proposals: ProposalService;
  hooks: HookService;
  commands: CommandService;
  otherCommands: OtherCommands;
  skills: SkillService;
  sessions: SessionService;
  watching: WatchService;
  permissions: PermissionService;
  processes: ProcessService;
  projects: ProjectService;
  prompts: PromptService;
  runtime: RuntimeService;
  servers: ServerServices;
  usage: UsageService;
  budgets: BudgetService;
  audit: AuditService;
};

export type ToolContext = {
  principal: Principal;
  /** The OAuth client that the call came through. */
  clientId: string;
  services: Services;
  /** Tells the client how far the call is; does nothing when the client did not ask for it. */
  reportProgress: (progress: number, message: string) => Promise<void>;
  /** W3C trace context: what the call begins elsewhere belongs below its span. */
  traceparent: string;
  /** Aborted when the client is no longer waiting for this call. */
  signal: AbortSignal;
};
