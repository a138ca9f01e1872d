// Completes what stands in the braces of a resource's URI: projects, and files of one.
import type { Principal } from "../../shared/teams/principal.ts";
import type { Asked, PromptService } from "../prompts/prompt-service.ts";

const FILES = "claude://projects/{project}/files/{+path}";

type Completing = Pick<PromptService, "completeProject" | "completeFile">;

export async function completeResource(
  completing: Completing,
  principal: Principal,
  uriTemplate: string,
  { argument, beginning, given }: Asked,
): Promise<string[]> {
  if (uriTemplate !== FILES) return [];
  if (argument === "project") return completing.completeProject(principal, beginning);
  const { project } = given;
  return argument === "path" && project !== undefined ? completing.completeFile(principal, project, beginning) : [];
}
