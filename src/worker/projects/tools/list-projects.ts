// list_projects: the person's projects by name, in pages.
import { z } from "zod";
import { projectNameSchema } from "../../../shared/projects/schema.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { projectSchema, showProject } from "../tool-fields.ts";

export const listProjects = defineTool({
  name: "list_projects",
  title: "List projects",
  description: "Lists your projects by name.",
  scope: "projects:read",
  toolset: "projects",
  input: z.strictObject({
    limit: z.int().min(1).max(100).default(50).describe("How many to give at most, 1 to 100; default 50."),
    cursor: projectNameSchema.optional().describe("The next_cursor of the page before, to go on after it."),
  }),
  output: z.object({
    projects: z.array(projectSchema),
    next_cursor: z.string().nullable().describe("Give this as cursor for the next page; null on the last."),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run({ limit, cursor }, { principal, services }) {
    const rows = await services.projects.list(principal, { after: cursor ?? null, limit: limit + 1 });
    const page = rows.slice(0, limit);
    const next = rows.length > limit ? page.at(-1) : undefined;
    return { projects: page.map(showProject), next_cursor: next?.name ?? null };
  },
});
