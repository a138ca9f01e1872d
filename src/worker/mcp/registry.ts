// All tools that exist, in the order in which they are listed.
import { cancelAgentExecution } from "../agents/tools/cancel-agent-execution.ts";
import { createAgent } from "../agents/tools/create-agent.ts";
import { deleteAgent } from "../agents/tools/delete-agent.ts";
import { executeAgent } from "../agents/tools/execute-agent.ts";
import { exportAgent } from "../agents/tools/export-agent.ts";
import { getAgentExecution } from "../agents/tools/get-agent-execution.ts";
import { getAgent } from "../agents/tools/get-agent.ts";
import { importAgent } from "../agents/tools/import-agent.ts";
import { listAgentCategories } from "../agents/tools/list-agent-categories.ts";
import { listAgentExecutions } from "../agents/tools/list-agent-executions.ts";
import { listAgents } from "../agents/tools/list-agents.ts";
import { updateAgent } from "../agents/tools/update-agent.ts";
import { getBudgets } from "../budgets/tools/get-budgets.ts";
import { setBudget } from "../budgets/tools/set-budget.ts";
import { exportUsageReport } from "../accounting/tools/export-usage-report.ts";
import { getUsageAnalytics } from "../accounting/tools/get-usage-analytics.ts";
import { codeGeneration } from "../delegation/tools/code-generation.ts";
import { codeReview } from "../delegation/tools/code-review.ts";
import { delegateTask } from "../delegation/tools/delegate-task.ts";
import { getDelegatedTask } from "../delegation/tools/get-delegated-task.ts";
import { exportAuditLog } from "../audit/tools/export-audit-log.ts";
import { queryAuditLog } from "../audit/tools/query-audit-log.ts";
import { verifyAuditLog } from "../audit/tools/verify-audit-log.ts";
import { createUpload } from "../attachments/tools/create-upload.ts";
import { createBranch } from "../branches/tools/create-branch.ts";
import { deleteBranch } from "../branches/tools/delete-branch.ts";
import { listBranches } from "../branches/tools/list-branches.ts";
import { cleanupCheckpoints } from "../checkpoints/tools/cleanup-checkpoints.ts";
import { deleteCheckpoint } from "../checkpoints/tools/delete-checkpoint.ts";
import { diffCheckpoints } from "../checkpoints/tools/diff-checkpoints.ts";
import { exportCheckpoint } from "../checkpoints/tools/export-checkpoint.ts";
import { forkCheckpoint } from "../checkpoints/tools/fork-checkpoint.ts";
import { readCheckpointFile } from "../checkpoints/tools/read-checkpoint-file.ts";
import { setCheckpointPolicy } from "../checkpoints/tools/set-checkpoint-policy.ts";
import { verifyCheckpoint } from "../checkpoints/tools/verify-checkpoint.ts";
import { createCheckpoint } from "../checkpoints/tools/create-checkpoint.ts";
import { getCheckpoint } from "../checkpoints/tools/get-checkpoint.ts";
import { listCheckpoints } from "../checkpoints/tools/list-checkpoints.ts";
import { restoreCheckpoint } from "../checkpoints/tools/restore-checkpoint.ts";
import { getConfig } from "../configuration/tools/get-config.ts";
import { listConfigVersions } from "../configuration/tools/list-config-versions.ts";
import { restoreConfigVersion } from "../configuration/tools/restore-config-version.ts";
import { updateConfig } from "../configuration/tools/update-config.ts";
import { answerPermission } from "../permissions/tools/answer-permission.ts";
import { explainPermission } from "../permissions/tools/explain-permission.ts";
import { getPermissionPolicy } from "../permissions/tools/get-permission-policy.ts";
import { listPendingPermissions } from "../permissions/tools/list-pending-permissions.ts";
import { updatePermissionPolicy } from "../permissions/tools/update-permission-policy.ts";
import { mcpAdd } from "../mcp-servers/tools/mcp-add.ts";
import { mcpAddJson } from "../mcp-servers/tools/mcp-add-json.ts";
import { mcpAddFromClaudeDesktop } from "../mcp-servers/tools/mcp-add-from-claude-desktop.ts";
import { mcpList } from "../mcp-servers/tools/mcp-list.ts";
import { mcpGet } from "../mcp-servers/tools/mcp-get.ts";
import { mcpUpdate } from "../mcp-servers/tools/mcp-update.ts";
import { mcpRemove } from "../mcp-servers/tools/mcp-remove.ts";
import { mcpTest } from "../mcp-servers/tools/mcp-test.ts";
import { mcpServe } from "../mcp-servers/tools/mcp-serve.ts";
import { getSessionProcesses } from "../processes/tools/get-session-processes.ts";
import { killSessionProcess } from "../processes/tools/kill-session-process.ts";
import { listActiveSessions } from "../processes/tools/list-active-sessions.ts";
import { createProject } from "../projects/tools/create-project.ts";
import { deleteProject } from "../projects/tools/delete-project.ts";
import { listProjectFiles } from "../projects/tools/list-project-files.ts";
import { listProjects } from "../projects/tools/list-projects.ts";
import { readProjectFile } from "../projects/tools/read-project-file.ts";
import { deleteSession } from "../archive/tools/delete-session.ts";
import { exportSession } from "../archive/tools/export-session.ts";
import { createSlashCommand } from "../commands/tools/create-slash-command.ts";
import { deleteSlashCommand } from "../commands/tools/delete-slash-command.ts";
import { getSlashCommand } from "../commands/tools/get-slash-command.ts";
import { listSlashCommands } from "../commands/tools/list-slash-commands.ts";
import { runSlashCommand } from "../commands/tools/run-slash-command.ts";
import { updateSlashCommand } from "../commands/tools/update-slash-command.ts";
import { createSkill } from "../skills/tools/create-skill.ts";
import { deleteSkill } from "../skills/tools/delete-skill.ts";
import { getSkill } from "../skills/tools/get-skill.ts";
import { importSkill } from "../skills/tools/import-skill.ts";
import { listSkills } from "../skills/tools/list-skills.ts";
import { applyHookTemplate } from "../hooks/tools/apply-hook-template.ts";
import { getHooksConfig } from "../hooks/tools/get-hooks-config.ts";
import { listHookTemplates } from "../hooks/tools/list-hook-templates.ts";
import { testHook } from "../hooks/tools/test-hook.ts";
import { updateHooksConfig } from "../hooks/tools/update-hooks-config.ts";
import { checkClaudeUpdates } from "../runtime/tools/check-claude-updates.ts";
import { findClaudeBinary } from "../runtime/tools/find-claude-binary.ts";
import { createWatchLink } from "../sessions/tools/create-watch-link.ts";
import { endSession } from "../sessions/tools/end-session.ts";
import { executeClaude } from "../sessions/tools/execute-claude.ts";
import { forkSession } from "../sessions/tools/fork-session.ts";
import { getSession } from "../sessions/tools/get-session.ts";
import { interruptSession } from "../sessions/tools/interrupt-session.ts";
import { listSessions } from "../sessions/tools/list-sessions.ts";
import { setSessionModel } from "../sessions/tools/set-session-model.ts";
import { setSessionPermissionMode } from "../sessions/tools/set-session-permission-mode.ts";
import { waitForSession } from "../sessions/tools/wait-for-session.ts";
import { getBackgroundTaskOutput } from "../tasks/tools/get-background-task-output.ts";
import { listBackgroundTasks } from "../tasks/tools/list-background-tasks.ts";
import { stopBackgroundTask } from "../tasks/tools/stop-background-task.ts";
import type { Tool } from "./define-tool.ts";

export const TOOLS: readonly Tool[] = [
  executeClaude,
  waitForSession,
  getSession,
  listSessions,
  interruptSession,
  endSession,
  forkSession,
  setSessionModel,
  setSessionPermissionMode,
  createWatchLink,
  createProject,
  listProjects,
  deleteProject,
  listProjectFiles,
  readProjectFile,
  exportSession,
  deleteSession,
  createUpload,
  findClaudeBinary,
  checkClaudeUpdates,
  listActiveSessions,
  getSessionProcesses,
  killSessionProcess,
  listBackgroundTasks,
  getBackgroundTaskOutput,
  stopBackgroundTask,
  createCheckpoint,
  listCheckpoints,
  getCheckpoint,
  diffCheckpoints,
  restoreCheckpoint,
  forkCheckpoint,
  deleteCheckpoint,
  cleanupCheckpoints,
  readCheckpointFile,
  exportCheckpoint,
  verifyCheckpoint,
  setCheckpointPolicy,
  createBranch,
  listBranches,
  deleteBranch,
  getConfig,
  updateConfig,
  getHooksConfig,
  updateHooksConfig,
  listHookTemplates,
  applyHookTemplate,
  testHook,
  createSlashCommand,
  listSlashCommands,
  getSlashCommand,
  updateSlashCommand,
  deleteSlashCommand,
  runSlashCommand,
  createSkill,
  importSkill,
  listSkills,
  getSkill,
  deleteSkill,
  listConfigVersions,
  restoreConfigVersion,
  getPermissionPolicy,
  updatePermissionPolicy,
  explainPermission,
  listPendingPermissions,
  answerPermission,
  mcpAdd,
  mcpAddJson,
  mcpAddFromClaudeDesktop,
  mcpList,
  mcpGet,
  mcpUpdate,
  mcpRemove,
  mcpTest,
  mcpServe,
  createAgent,
  listAgents,
  getAgent,
  updateAgent,
  deleteAgent,
  importAgent,
  exportAgent,
  listAgentCategories,
  executeAgent,
  listAgentExecutions,
  getAgentExecution,
  cancelAgentExecution,
  delegateTask,
  codeGeneration,
  codeReview,
  getDelegatedTask,
  getUsageAnalytics,
  exportUsageReport,
  setBudget,
  getBudgets,
  queryAuditLog,
  exportAuditLog,
  verifyAuditLog,
];
