// What people do with projects: make, list and delete them, and look at their files.
import { AppError, unwrap } from "../../shared/errors/app-error.ts";
import { judgeGitUrl } from "../../shared/projects/git-url-policy.ts";
import { DEFAULT_PROJECT_NAME } from "../../shared/projects/schema.ts";
import type { FileContent, FileList, ListFiles, ReadFile } from "../../shared/rpc/runner-workspace-api.ts";
import type { WorkspaceIdentity } from "../../shared/rpc/workspace-api.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import { cloneWithin } from "./clone-within.ts";
import type { ProjectRow, ProjectStore } from "./project-store.ts";
import type { WorkspaceDirectory } from "./workspace-directory.ts";

type NewProject = { name: string; git_url: string | null };
/** `cloning`: it goes on after the answer, and the first turn waits for it. */
type CreatedProject = { project: ProjectRow; files: "empty" | "cloned" | "cloning" };

export type ProjectService = {
  /** The person's project of that name; null means the default one. Looking never makes it. */
  find(principal: Principal, name: string | null): Promise<ProjectRow>;
  /** As find, for work that begins: the default project is made on first use. */
  resolve(principal: Principal, name: string | null): Promise<ProjectRow>;
  create(principal: Principal, project: NewProject): Promise<CreatedProject>;
  list(principal: Principal, page: { after: string | null; limit: number }): Promise<ProjectRow[]>;
  delete(principal: Principal, name: string): Promise<ProjectRow>;
  listFiles(principal: Principal, name: string | null, request: ListFiles): Promise<FileList>;
  readFile(principal: Principal, name: string | null, request: ReadFile): Promise<FileContent>;
};

export type ProjectServiceOptions = {
  store: ProjectStore;
  directory: WorkspaceDirectory;
  /** Ends the sessions of a project that is being deleted. */
  endSessions: (projectId: string) => Promise<void>;
  allowInsecureGit: boolean;
  /** How long making a project waits for its clone. */
  cloneWaitMs: number;
  /** Keeps work going after the answer. */
  waitUntil: (work: Promise<unknown>) => void;
};

export function createProjectService(options: ProjectServiceOptions): ProjectService {
  const { store, directory } = options;
  const find = (principal: Principal, name: string | null) => findProject(store, principal, name);
  return {
    find,
    resolve: (principal, name) => resolveProject(store, principal, name),
    create: (principal, project) => createProject(options, principal, project),
    list: (principal, page) => store.list(principal, page),
    async delete(principal, name) {
      const project = await find(principal, name);
      // Refused while a turn runs or waits; only then is anything changed.
      unwrap(await directory.workspace(project.workspace_id).destroy());
      await store.markDeleted(project.project_id);
      await options.endSessions(project.project_id);
      return project;
    },
    async listFiles(principal, name, request) {
      const project = await find(principal, name);
      return unwrap(await directory.workspace(project.workspace_id).listFiles(identityOf(principal, project), request));
    },
    async readFile(principal, name, request) {
      const project = await find(principal, name);
      return unwrap(await directory.workspace(project.workspace_id).readFile(identityOf(principal, project), request));
    },
  };
}

export function identityOf(principal: Principal, project: ProjectRow): WorkspaceIdentity {
  const { workspace_id, project_id, git_url } = project;
  return { workspace_id, team_id: principal.team_id, project_id, git_url };
}

async function findProject(store: ProjectStore, principal: Principal, name: string | null): Promise<ProjectRow> {
  const wanted = name ?? DEFAULT_PROJECT_NAME;
  const project = await store.find(principal, wanted);
  if (project === null) throw notFound(wanted);
  return project;
}

async function resolveProject(store: ProjectStore, principal: Principal, name: string | null): Promise<ProjectRow> {
  const wanted = name ?? DEFAULT_PROJECT_NAME;
  const project = await store.find(principal, wanted);
  if (project !== null) return project;
  if (wanted !== DEFAULT_PROJECT_NAME) throw notFound(wanted);
  // Two first uses at once: one makes it, the other finds it.
  const made = await store.insert(principal, { name: wanted, git_url: null });
  const found = made ?? (await store.find(principal, wanted));
  if (found === null) throw notFound(wanted);
  return found;
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
