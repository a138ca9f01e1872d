// What people do with projects: make, list and delete them, and look at their files.
import { AppError, unwrap } from "../../shared/errors/app-error.ts";
import { judgeGitUrl } from "../../shared/projects/git-url-policy.ts";
import { DEFAULT_PROJECT_NAME, MAIN_BRANCH } from "../../shared/projects/schema.ts";
import type { FileContent, FileList, ListFiles, ReadFile } from "../../shared/rpc/runner-workspace-api.ts";
import type { WorkspaceApi, WorkspaceIdentity } from "../../shared/rpc/workspace-api.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import { cloneWithin } from "./clone-within.ts";
import type { ProjectRow, ProjectStore } from "./project-store.ts";
import type { WorkspaceDirectory } from "./workspace-directory.ts";

type NewProject = { name: string; git_url: string | null };
/** `cloning`: it goes on after the answer, and the first turn waits for it. */
type CreatedProject = { project: ProjectRow; files: "empty" | "cloned" | "cloning" };

export type ProjectService = {
  /** The person's project of that name, on that branch; null means the default one and `main`. Looking never makes it. */
  find(principal: Principal, name: string | null, branch?: string | null): Promise<ProjectRow>;
  /** As find, for work that begins: the default project is made on first use. */
  resolve(principal: Principal, name: string | null, branch?: string | null): Promise<ProjectRow>;
  create(principal: Principal, project: NewProject): Promise<CreatedProject>;
  list(principal: Principal, page: { after: string | null; limit: number }): Promise<ProjectRow[]>;
  delete(principal: Principal, name: string): Promise<ProjectRow>;
  listFiles(principal: Principal, place: ProjectPlace, request: ListFiles): Promise<FileList>;
  readFile(principal: Principal, place: ProjectPlace, request: ReadFile): Promise<FileContent>;
};

/** Null for the default project, and for its branch `main`. */
export type ProjectPlace = { project: string | null; branch: string | null };

export type ProjectServiceOptions = {
  store: ProjectStore;
  directory: WorkspaceDirectory;
  /** Ends the sessions of a project that is being deleted. */
  endSessions: (projectId: string) => Promise<void>;
  /** Removes what is kept of a deleted project's checkpoints; what it leaves behind goes by the sweep. */
  forgetCheckpoints: (project: { team_id: string; project_id: string }) => Promise<void>;
  /** Removes what is configured for it, secrets and sign-ins included. */
  forgetConfiguration: (projectId: string) => Promise<void>;
  allowInsecureGit: boolean;
  /** How long making a project waits for its clone. */
  cloneWaitMs: number;
  /** Keeps work going after the answer. */
  waitUntil: (work: Promise<unknown>) => void;
};

export function createProjectService(options: ProjectServiceOptions): ProjectService {
  const { store, directory } = options;
  const find = (principal: Principal, name: string | null, branch: string | null = null) =>
    findProject(store, principal, name ?? DEFAULT_PROJECT_NAME, branch ?? MAIN_BRANCH);
  const ask = async (principal: Principal, { project, branch }: ProjectPlace) => {
    const found = await find(principal, project, branch);
    return { workspace: directory.workspace(found.workspace_id), identity: identityOf(principal, found) };
  };
  return {
    find,
    resolve: (principal, name, branch) => resolveProject(store, principal, name, branch ?? MAIN_BRANCH),
    create: (principal, project) => createProject(options, principal, project),
    list: (principal, page) => store.list(principal, page),
    delete: async (principal, name) => deleteProject(options, principal, await find(principal, name)),
    async listFiles(principal, place, request) {
      const { workspace, identity } = await ask(principal, place);
      return unwrap(await workspace.listFiles(identity, request));
    },
    async readFile(principal, place, request) {
      const { workspace, identity } = await ask(principal, place);
      return unwrap(await workspace.readFile(identity, request));
    },
  };
}

async function deleteProject(
  { store, directory, endSessions, forgetCheckpoints, forgetConfiguration }: ProjectServiceOptions,
  principal: Principal,
  project: ProjectRow,
): Promise<ProjectRow> {
  const ids = await store.listWorkspaceIds(project.project_id);
  const workspaces = ids.map((id) => directory.workspace(id));
  // Each refuses while a turn runs or waits in it: with several, none is touched before all were asked.
  if (workspaces.length > 1) await refuseBusy(workspaces);
  for (const workspace of workspaces) unwrap(await workspace.destroy());
  await store.markDeleted(project.project_id);
  await endSessions(project.project_id);
  await forgetCheckpoints({ team_id: principal.team_id, project_id: project.project_id });
  await forgetConfiguration(project.project_id);
  return project;
}

async function refuseBusy(workspaces: readonly WorkspaceApi[]): Promise<void> {
  const states = await Promise.all(workspaces.map((workspace) => workspace.describe()));
  if (!states.some(({ busy }) => busy)) return;
  const message = "A turn or a checkpoint is under way in a branch of this project. Interrupt it or wait, then delete.";
  throw new AppError("project_busy", message);
}

export function identityOf(principal: Principal, project: ProjectRow): WorkspaceIdentity {
  const { workspace_id, project_id, git_url } = project;
  return { workspace_id, team_id: principal.team_id, project_id, git_url };
}

async function findProject(
  store: ProjectStore,
  principal: Principal,
  name: string,
  branch: string,
): Promise<ProjectRow> {
  const project = await store.find(principal, name, branch);
  if (project !== null) return project;
  const isThere = branch !== MAIN_BRANCH && (await store.find(principal, name)) !== null;
  throw isThere ? noBranch(name, branch) : notFound(name);
}

async function resolveProject(
  store: ProjectStore,
  principal: Principal,
  name: string | null,
  branch: string,
): Promise<ProjectRow> {
  const wanted = name ?? DEFAULT_PROJECT_NAME;
  const project = await store.find(principal, wanted, branch);
  if (project !== null) return project;
  const isFirstUse = wanted === DEFAULT_PROJECT_NAME && branch === MAIN_BRANCH;
  if (!isFirstUse) return findProject(store, principal, wanted, branch);
  // Two first uses at once: one makes it, the other finds it.
  const made = await store.insert(principal, { name: wanted, git_url: null });
  const found = made ?? (await store.find(principal, wanted));
  if (found === null) throw notFound(wanted);
  return found;
}

function noBranch(project: string, branch: string): AppError {
  const advice = "list_branches shows what there is, create_branch makes one.";
  return new AppError("branch_not_found", `The project "${project}" has no branch "${branch}". ${advice}`);
}

function notFound(name: string): AppError {
  const advice =
    name === DEFAULT_PROJECT_NAME
      ? "execute_claude makes it with your first prompt, create_project makes one without."
      : "list_projects shows yours, create_project makes one.";
  return new AppError("project_not_found", `You have no project named "${name}". ${advice}`);
}

async function createProject(
  options: ProjectServiceOptions,
  principal: Principal,
  request: NewProject,
): Promise<CreatedProject> {
  const gitUrl = request.git_url === null ? null : checkGitUrl(request.git_url, options.allowInsecureGit);
  const project = await options.store.insert(principal, { name: request.name, git_url: gitUrl });
  if (project === null) {
    throw new AppError(
      "project_name_taken",
      `You already have a project named "${request.name}". Choose another name.`,
    );
  }
  if (gitUrl === null) return { project, files: "empty" };
  const files = await cloneWithin({
    workspace: options.directory.workspace(project.workspace_id),
    identity: identityOf(principal, project),
    waitMs: options.cloneWaitMs,
    waitUntil: options.waitUntil,
    undo: () => options.store.remove(project.project_id),
  });
  return { project, files };
}

function checkGitUrl(text: string, allowInsecure: boolean): string {
  const verdict = judgeGitUrl(text, { allowInsecure });
  if (verdict.ok) return verdict.url;
  throw new AppError("invalid_argument", `git_url ${verdict.reason}.`);
}
