// Commands that are not ours: the repository's own, read from its files, and Claude Code's, as a session of it named them.
import { unwrap } from "../../shared/errors/app-error.ts";
import { commandNameSchema } from "../../shared/commands/command-schema.ts";
import type { SessionApi } from "../../shared/rpc/session-api.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import { readFrontMatter, readLine } from "../front-matter/read-front-matter.ts";
import type { ProjectPlace, ProjectService } from "../projects/project-service.ts";

export type OtherCommand = { name: string; description: string | null; argument_hint: string | null };

export type OtherCommands = {
  /** Below `.claude/commands`, as far as they can be read. Starts the sandbox. */
  ofRepository(principal: Principal, project: ProjectPlace): Promise<OtherCommand[]>;
  /** Everything that a session's Claude Code named when it started, skills included; empty before that. */
  ofSession(principal: Principal, sessionId: string): Promise<string[]>;
};

export type OtherCommandsOptions = {
  projects: Pick<ProjectService, "listFiles" | "readFile">;
  session(sessionId: string): Pick<SessionApi, "getStartup">;
};

const FOLDER = ".claude/commands";
/** Each is read from the sandbox on its own. */
const MAX_READ = 30;
/** Front matter stands at the top. */
const HEAD_BYTES = 4_096;

export function createOtherCommands({ projects, session }: OtherCommandsOptions): OtherCommands {
  async function describe(principal: Principal, project: ProjectPlace, path: string): Promise<OtherCommand[]> {
    const name = path.slice(FOLDER.length + 1, -".md".length).replaceAll("/", ":");
    if (!commandNameSchema.safeParse(name.toLowerCase()).success) return [];
    const file = await projects.readFile(principal, project, { path, offset: 0, limit: HEAD_BYTES });
    return [{ name, ...(file.encoding === "utf-8" ? readHead(file.content) : UNKNOWN) }];
  }
  return {
    async ofRepository(principal, project) {
      const found = await projects
        .listFiles(principal, project, { path: FOLDER, recursive: true, limit: 200 })
        .catch((error: unknown) => {
          // A project without that folder has none.
          if (error instanceof Error && "code" in error && error.code === "file_not_found") return { files: [] };
          throw error;
        });
      const paths = found.files
        .filter(({ type, path }) => type === "file" && path.endsWith(".md"))
        .map(({ path }) => path);
      const read = await Promise.all(paths.slice(0, MAX_READ).map((path) => describe(principal, project, path)));
      return read.flat();
    },
    ofSession: async (principal, sessionId) => unwrap(await session(sessionId).getStartup(principal)).slash_commands,
  };
}

const UNKNOWN = { description: null, argument_hint: null };

/** A repository's file is its own: what cannot be read of it is left out. */
function readHead(text: string): Omit<OtherCommand, "name"> {
  try {
    const { fields } = readFrontMatter(text, "The command");
    const line = (name: string) => readLine(fields, name, "The command")?.slice(0, 300) ?? null;
    return { description: line("description"), argument_hint: line("argument-hint") };
  } catch {
    return UNKNOWN;
  }
}
