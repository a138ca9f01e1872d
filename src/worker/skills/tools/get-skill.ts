// get_skill: one skill of one scope, its files by their names or one of them by its content.
import { z } from "zod";
import { AppError } from "../../../shared/errors/app-error.ts";
import { SKILL_FILE } from "../../../shared/skills/skill-schema.ts";
import { placeFields, toPlaceRequest } from "../../configuration/tool-fields.ts";
import { defineTool } from "../../mcp/define-tool.ts";
import { showFacts, skillFactsSchema, skillNameField } from "../tool-fields.ts";

const MAX_SHOWN_CHARS = 48_000;

export const getSkill = defineTool({
  name: "get_skill",
  title: "Show a skill",
  description: "Shows a skill of one scope: what it says of itself, its files, and the content of one of them.",
  scope: "configuration:read",
  toolset: "skills",
  input: z.strictObject({
    ...placeFields,
    name: skillNameField,
    file: z.string().max(400).default(SKILL_FILE).describe("The file to show. Default SKILL.md."),
    offset: z.int().nonnegative().default(0).describe("Where in it to begin, in characters."),
  }),
  output: z.object({
    skill: skillFactsSchema,
    files: z.array(z.object({ path: z.string(), executable: z.boolean(), characters: z.int() })),
    file: z.string(),
    encoding: z.enum(["utf8", "base64"]),
    content: z.string(),
    next_offset: z.int().nullable().describe("Give this as offset for the next part; null at the end."),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run({ name, file: path, offset, ...place }, { principal, services }) {
    const found = await services.skills.get(principal, toPlaceRequest(place), name);
    const { files } = found.skill;
    const file = files.find((one) => one.path === path);
    if (file === undefined)
      throw new AppError("file_not_found", "The skill has no file of that name; `files` of get_skill lists them.");
    const end = offset + MAX_SHOWN_CHARS;
    return {
      skill: showFacts(found),
      files: files.map((one) => ({ path: one.path, executable: one.executable, characters: one.content.length })),
      file: path,
      encoding: file.encoding,
      content: file.content.slice(offset, end),
      next_offset: end < file.content.length ? end : null,
    };
  },
});
