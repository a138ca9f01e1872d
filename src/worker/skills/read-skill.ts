// Makes a skill of its files: what SKILL.md says of it, and whether Claude Code would take it.
import type { z } from "zod";
import { AppError } from "../../shared/errors/app-error.ts";
import {
  type Skill,
  SKILL_FILE,
  type SkillFile,
  type SkillSource,
  skillNameSchema,
  skillSchema,
} from "../../shared/skills/skill-schema.ts";
import { readFrontMatter, readLine, readTools } from "../front-matter/read-front-matter.ts";
import type { ZipFile } from "./read-zip.ts";

const SPEAKS_OF = "SKILL.md";

export type NamedSkill = { name: string; skill: Skill };

/** `name` is what it should be called; null for what SKILL.md calls it. */
export function readSkill(name: string | null, files: readonly SkillFile[], source: SkillSource): NamedSkill {
  const main = files.find(({ path }) => path === SKILL_FILE);
  if (main?.encoding !== "utf8") throw refused(`A skill has a ${SKILL_FILE} with text at its top.`);
  const { fields, body } = readFrontMatter(main.content, SPEAKS_OF);
  if (Object.hasOwn(fields, "hooks")) {
    throw refused(`${SPEAKS_OF} has hooks, which do not count here. Take them out; update_hooks_config adds hooks.`);
  }
  const own = readLine(fields, "name", SPEAKS_OF);
  if (name !== null && own !== null && own !== name) {
    throw refused(
      `${SPEAKS_OF} names the skill ${JSON.stringify(own.slice(0, 100))}, not ${name}: both have to be the same.`,
    );
  }
  const found = skillNameSchema.safeParse(name ?? own ?? "");
  if (!found.success) throw refused(`The skill's name ${found.error.issues[0]?.message ?? "does not fit"}.`);
  if (body.trim() === "") throw refused(`${SPEAKS_OF} has no text below its front matter.`);
  const description = readLine(fields, "description", SPEAKS_OF);
  if (description === null) throw refused(`${SPEAKS_OF} has no description: Claude chooses skills by it.`);
  const allowed_tools = readTools(fields["allowed-tools"], SPEAKS_OF);
  const sorted = [...files].sort((left, right) => (left.path < right.path ? -1 : 1));
  const parsed = skillSchema.safeParse({ description, allowed_tools, files: sorted, source });
  if (!parsed.success) throw refused(explain(parsed.error));
  return { name: found.data, skill: parsed.data };
}

/** Text stays text, so that a person can read what they confirm. */
export function toSkillFile({ path, bytes, executable }: ZipFile): SkillFile {
  try {
    const content = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    if (!content.includes("\0")) return { path, content, encoding: "utf8", executable };
  } catch {
    // No text, then.
  }
  return { path, content: toBase64(bytes), encoding: "base64", executable };
}

function toBase64(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += 8_192) parts.push(String.fromCharCode(...bytes.subarray(at, at + 8_192)));
  return btoa(parts.join(""));
}

function explain(error: z.ZodError): string {
  const [issue] = error.issues;
  const place = issue?.path[0] === "files" ? "" : `${String(issue?.path[0] ?? "skill").replaceAll("_", "-")}: `;
  return `The skill: ${place}${issue?.message ?? "does not fit"}`.slice(0, 500);
}

function refused(message: string): AppError {
  return new AppError("skill_refused", message);
}
