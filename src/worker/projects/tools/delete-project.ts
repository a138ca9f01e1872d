// delete_project: deletes a project with its files and ends its sessions.
import { z } from "zod";
import { defineTool } from "../../mcp/define-tool.ts";
import { projectNameField } from "../tool-fields.ts";

export const deleteProject = defineTool({
  name: "delete_project",
  title: "Delete a project",
  description:
    "Deletes a project and its files for good, and ends its sessions. Refused while a turn runs in it. " +
    "The sessions' events stay readable.",
  scope: "projects:write",
  toolset: "projects",
  input: z.strictObject({ name: projectNameField }),
  output: z.object({ name: z.string(), deleted: z.boolean() }),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
  async run({ name }, { principal, services }) {
    const project = await services.projects.delete(principal, name);
    return { name: project.name, deleted: true };
  },
});
