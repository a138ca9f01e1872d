// create_skill: adds a skill that is written here, at one scope.
import { z } from "zod";
import { MAX_SKILL_FILES, skillFileSchema } from "../../../shared/skills/skill-schema.ts";
import { placeFields, toPlaceRequest } from "../../configuration/tool-fields.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { showChanged, skillNameField, skillOutcomeSchema } from "../tool-fields.ts";

const fields = skillFileSchema.shape;

export const createSkill = defineTool({
  name: "create_skill",
  title: "Create a skill",
  description:
    "Adds a skill, or replaces the one of that name: a folder that Claude reads when its description fits. SKILL.md begins " +
    "with front matter (name, description, and allowed-tools if you like). With allowed-tools, or shell commands in its " +
    "text, it is proposed: a person confirms it at confirm_url.",
  scope: "configuration:write",
  toolset: "skills",
  input: z.strictObject({
    ...placeFields,
    name: skillNameField,
    skill_md: z.string().min(1).max(200_000).describe("The text of SKILL.md, with its front matter."),
    files: z
      .array(
        z.strictObject({
          path: fields.path.describe("Below the skill's folder, such as scripts/check.sh."),
          content: fields.content.describe("Its text, or its bytes in base64."),
          encoding: fields.encoding.default("utf8").describe("utf8 or base64."),
          executable: fields.executable.default(false).describe("Whether it can be run."),
        }),
      )
      .max(MAX_SKILL_FILES - 1)
      .default([])
      .describe("Its other files: scripts, references."),
  }),
  output: skillOutcomeSchema,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  async run({ name, skill_md, files, ...place }, { principal, clientId, services }) {
    const main = { path: "SKILL.md", content: skill_md, encoding: "utf8" as const, executable: false };
    const request = { place: toPlaceRequest(place), client: clientId, name, files: [main, ...files] };
    return showChanged(await services.skills.create(principal, request));
  },
});
