// What several project tools share, described once.
import { z } from "zod";
import { branchNameSchema } from "../../shared/checkpoints/schema.ts";
import { filePathSchema, projectNameSchema } from "../../shared/projects/schema.ts";
import type { ProjectRow } from "./project-store.ts";

export const projectNameField = projectNameSchema.describe("The project's name, as list_projects gives it.");

export const optionalProjectField = projectNameSchema
  .optional()
  .describe("The project's name. Without it, your project `default`.");

export const branchField = branchNameSchema.optional().describe("The branch. Default `main`.");

export const filePathField = filePathSchema.describe("The file's path, relative to the project.");

export const projectSchema = z.object({
  name: z.string(),
  branch: z.string(),
  git_url: z.string().nullable(),
  created_at: z.string(),
});

export function showProject(row: ProjectRow): z.input<typeof projectSchema> {
  return { name: row.name, branch: row.branch, git_url: row.git_url, created_at: row.created_at };
}
