// list_skills: the skills that sessions have.
import { z } from "zod";
import { mergedFor } from "../../configuration/merged-for.ts";
import { placeFields } from "../../configuration/tool-fields.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { showFacts, skillFactsSchema } from "../tool-fields.ts";

export const listSkills = defineTool({
  name: "list_skills",
  title: "List skills",
  description:
    "Lists skills, merged from team, user, project and session; a narrower scope's skill takes the place of a wider one's " +
    "of the same name. A repository's own .claude/skills count besides.",
  scope: "configuration:read",
  toolset: "skills",
  input: z.strictObject({
    project: placeFields.project.describe("Also the project's."),
    session_id: placeFields.session_id.describe("Also the session's and its project's."),
  }),
  output: z.object({ skills: z.array(skillFactsSchema) }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run({ project, session_id }, { principal, services }) {
    const merged = await mergedFor(services, principal, { project: project ?? null, session_id: session_id ?? null });
    return { skills: services.skills.listMerged(merged).map(showFacts) };
  },
});
