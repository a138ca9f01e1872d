// A skill as it is kept: its files, and what its SKILL.md says of it.
import { z } from "zod";
import { allowedToolsSchema } from "../commands/command-schema.ts";
import { sha256Schema } from "../ids.ts";
import { MAX_SKILL_PATH_CHARS, pathsProblem } from "./skill-path.ts";

export const SKILL_FILE = "SKILL.md";
export const MAX_SKILL_FILES = 100;
/** All files together, as they are. Kept as JSON they have to fit into one item. */
export const MAX_SKILL_BYTES = 600 * 1024;

export const skillNameSchema = z
  .string()
  .max(64)
  .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, "must be of a-z, 0-9 and single - between them, 64 at most");

export const skillFileSchema = z.strictObject({
  path: z.string().max(MAX_SKILL_PATH_CHARS),
  content: z.string(),
  encoding: z.enum(["utf8", "base64"]),
  executable: z.boolean(),
});
export type SkillFile = z.infer<typeof skillFileSchema>;

export const skillSourceSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("written") }),
  /** `sha256` of the archive. */
  z.strictObject({ kind: z.literal("zip"), url: z.string().max(2_048).nullable(), sha256: sha256Schema }),
  z.strictObject({ kind: z.literal("git"), url: z.string().max(2_048), sha256: sha256Schema }),
]);
export type SkillSource = z.infer<typeof skillSourceSchema>;

export const skillSchema = z
  .strictObject({
    description: z.string().min(1).max(1_024),
    allowed_tools: allowedToolsSchema,
    files: z.array(skillFileSchema).min(1).max(MAX_SKILL_FILES),
    source: skillSourceSchema,
  })
  .superRefine(({ files }, context) => {
    const problem = filesProblem(files);
    if (problem !== null) context.addIssue({ code: "custom", path: ["files"], message: problem });
  });
export type Skill = z.infer<typeof skillSchema>;

function filesProblem(files: readonly SkillFile[]): string | null {
  const problem = pathsProblem(files.map(({ path }) => path));
  if (problem !== null) return problem;
  const skill = files.find(({ path }) => path === SKILL_FILE);
  if (skill?.encoding !== "utf8") return `A skill has a ${SKILL_FILE} with text at its top.`;
  const bytes = files.reduce(
    (sum, { content, encoding }) => sum + (encoding === "base64" ? content.length * 0.75 : content.length),
    0,
  );
  return bytes > MAX_SKILL_BYTES ? `A skill has at most ${MAX_SKILL_BYTES} bytes in all its files.` : null;
}
