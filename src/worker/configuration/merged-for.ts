// The merged configuration for what a person names: a project, a session, or neither.
import type { MergedConfiguration } from "../../shared/configuration/merge.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import type { Services } from "../mcp/tool-context.ts";

type Wanted = { project: string | null; session_id: string | null };

export async function mergedFor(
  { configuration, projects, sessions }: Pick<Services, "configuration" | "projects" | "sessions">,
  principal: Principal,
  { project, session_id }: Wanted,
): Promise<MergedConfiguration> {
  if (session_id === null) {
    const found = project === null ? null : await projects.find(principal, project);
    return configuration.merged(principal, found === null ? {} : { project_id: found.project_id });
  }
  const { project_id } = await sessions.places(principal, session_id);
  return configuration.merged(principal, { project_id, session_id });
}
