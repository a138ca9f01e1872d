// What the skill tools share.
import { z } from "zod";
import { CONFIGURATION_SCOPES } from "../../shared/configuration/place.ts";
import { skillNameSchema } from "../../shared/skills/skill-schema.ts";
import { outcomeSchema, showOutcome } from "../configuration/tool-fields.ts";
import type { ScopedSkill, SkillChanged } from "./skill-service.ts";

export const skillNameField = skillNameSchema.describe("The skill's name, such as release-notes.");

export const skillFactsSchema = z.object({
  name: z.string(),
  scope: z.enum(CONFIGURATION_SCOPES),
  description: z.string(),
  allowed_tools: z.array(z.string()),
  files: z.int(),
  source: z.string().describe("`written` here, or where it was imported from."),
});

export function showFacts({ name, scope, skill }: ScopedSkill): z.input<typeof skillFactsSchema> {
  const { description, allowed_tools, files, source } = skill;
  const from = source.kind === "written" ? "written" : (source.url ?? "zip");
  return { name, scope, description, allowed_tools, files: files.length, source: from };
}

export const skillOutcomeSchema = outcomeSchema.extend({
  name: z.string(),
  description: z.string(),
  files: z.array(z.string()).describe("Its files, below its folder."),
});

export function showChanged({ outcome, named }: SkillChanged): z.input<typeof skillOutcomeSchema> {
  const { description, files } = named.skill;
  return { ...showOutcome(outcome), name: named.name, description, files: files.map(({ path }) => path) };
}
