// create_project: makes a project, empty or from a git repository.
import { z } from "zod";
import { projectNameSchema } from "../../../shared/projects/schema.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { projectSchema, showProject } from "../tool-fields.ts";

export const createProject = defineTool({
  name: "create_project",
  title: "Create a project",
  description:
    "Makes a project: a name for files that belong together, which sessions work on. " +
    "With git_url the repository is cloned into it; when that fails no project is made.",
  scope: "projects:write",
  toolset: "projects",
  input: z.strictObject({
    name: projectNameSchema.describe("The new project's name: 1 to 64 of a-z, 0-9, '.', '_' and '-'. It must be free."),
    git_url: z
      .string()
      .max(2048)
      .optional()
      .describe("A public repository to clone: an https:// address without user, password, query or fragment."),
  }),
  output: z.object({
    project: projectSchema,
    files: z
      .enum(["empty", "cloned", "cloning"])
      .describe("`cloning`: it takes longer and goes on; the first turn waits for it."),
  }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true },
  async run({ name, git_url }, { principal, services }) {
    const { project, files } = await services.projects.create(principal, { name, git_url: git_url ?? null });
    return { project: showProject(project), files };
  },
});
