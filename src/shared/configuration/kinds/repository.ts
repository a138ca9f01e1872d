// What of a repository's own `.claude/` and `.mcp.json` counts in its sessions.
import { z } from "zod";

export const repositorySchema = z.strictObject({
  /** CLAUDE.md, commands, skills and agents of the repository. */
  instructions: z.boolean().optional(),
  /** The hooks in `.claude/settings.json`: programs that run without a question. */
  hooks: z.boolean().optional(),
  /** The servers of `.mcp.json`. */
  mcp_servers: z.boolean().optional(),
});
export type RepositoryChoice = z.infer<typeof repositorySchema>;
export type Repository = Required<RepositoryChoice>;

/** What a repository only says counts; what it would run does not until a person says so. */
export const DEFAULT_REPOSITORY: Repository = { instructions: true, hooks: false, mcp_servers: false };

export const NOTHING_OF_REPOSITORY: Repository = { instructions: false, hooks: false, mcp_servers: false };

/** Later choices win, part by part. */
export function combineRepository(choices: readonly RepositoryChoice[]): Repository {
  return choices.reduce<Repository>((sum, { instructions, hooks, mcp_servers }) => {
    return {
      instructions: instructions ?? sum.instructions,
      hooks: hooks ?? sum.hooks,
      mcp_servers: mcp_servers ?? sum.mcp_servers,
    };
  }, DEFAULT_REPOSITORY);
}

/** A part that is not chosen any more may be switched on by a wider scope. */
export function widensRepository(before: RepositoryChoice | null, after: RepositoryChoice | null): boolean {
  const parts = ["instructions", "hooks", "mcp_servers"] as const;
  return parts.some((part) => before?.[part] !== after?.[part] && after?.[part] !== false);
}
