// How one runner is called as a plain process: its folders, its environment, and what its processes are known by.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { cleanEnv } from "../clean-env.ts";
import { homePaths } from "../home.ts";
import { type ManagedProcess, startManaged } from "../processes/managed-process.ts";
import { TREE_VARIABLE } from "../processes/process-tree.ts";

export const ROLE_PREFIX = "runner-";

export type RunnerProgram = {
  home: string;
  homeId: string;
  /** A script for this Node. */
  entry: string;
  repository: string;
};

export type StartRunner = { boot_token: string; edge_url: string; env: Record<string, string> };

/** As the image starts it (`src/container/Dockerfile`). What passes through, a large list above all, is then collected early. */
export const NODE_FLAGS = ["--max-semi-space-size=4"];

export function spawnRunner(program: RunnerProgram, workspaceId: string, request: StartRunner): ManagedProcess {
  const paths = homePaths(program.home);
  const folder = join(paths.workspaces, workspaceId);
  const [filesFolder, stateFolder] = [join(folder, "files"), join(folder, "state")];
  for (const path of [filesFolder, stateFolder]) mkdirSync(path, { recursive: true, mode: 0o700 });
  return startManaged({
    role: ROLE_PREFIX + workspaceId,
    runFolder: paths.run,
    mark: markOf(program, workspaceId),
    furtherMarks: [cliMark(program, workspaceId)],
    command: process.execPath,
    args: [...NODE_FLAGS, program.entry],
    cwd: program.repository,
    env: {
      ...cleanEnv(),
      ...request.env,
      BERTH_BOOT_TOKEN: request.boot_token,
      BERTH_EDGE_URL: request.edge_url,
      BERTH_WORKSPACE_ID: workspaceId,
      BERTH_WORKSPACE_DIR: filesFolder,
      BERTH_STATE_DIR: stateFolder,
      BERTH_HOST: "127.0.0.1",
      PORT: "0",
      // Beside what is compiled, and shared by all sandboxes of this checkout: each but the first starts in little more than half the time.
      NODE_COMPILE_CACHE: join(program.repository, "node_modules", ".cache", "berth-runner"),
    },
    logPath: join(paths.logs, `${ROLE_PREFIX}${workspaceId}.log`),
    readsFirstLine: true,
  });
}

/** How the environment entries begin by which a runner's processes are found without a pid file. */
export function runnerMarks(program: RunnerProgram, workspaceId: string): string[] {
  return [`${TREE_VARIABLE}=${markOf(program, workspaceId)}`, cliMark(program, workspaceId)];
}

function markOf(program: RunnerProgram, workspaceId: string): string {
  return `${program.homeId}/${ROLE_PREFIX}${workspaceId}`;
}

/** The CLI and its shells have an environment of their own, which names their folder in the workspace's state. */
function cliMark(program: RunnerProgram, workspaceId: string): string {
  return `CLAUDE_CONFIG_DIR=${join(homePaths(program.home).workspaces, workspaceId)}/`;
}
