// Skills as a piece of configuration: which change lets sessions do more, and the files that Claude Code reads.
import { addsInlineShell, inlineShellProblem } from "../commands/inline-shell-policy.ts";
import type { ConfigurationFile } from "../configuration/session-configuration.ts";
import { type Skill, SKILL_FILE, skillNameSchema } from "./skill-schema.ts";

export function skillNameProblem(name: string): string | null {
  const parsed = skillNameSchema.safeParse(name);
  return parsed.success ? null : `The skill's name ${parsed.error.issues[0]?.message ?? "does not fit"}.`;
}

export function skillProblem(skill: Skill): string | null {
  return inlineShellProblem(mainOf(skill), "The skill");
}

/** What comes from elsewhere speaks to Claude in words that nobody here has read: a person looks at it first. */
export function widensSkill(before: Skill | null, after: Skill | null): boolean {
  if (after === null) return false;
  if (after.source.kind !== "written" && JSON.stringify(after.files) !== JSON.stringify(before?.files)) return true;
  const wasAllowed = new Set(before?.allowed_tools);
  const was = before === null ? "" : mainOf(before);
  if (after.allowed_tools.some((rule) => !wasAllowed.has(rule)) || addsInlineShell(was, mainOf(after))) return true;
  return after.allowed_tools.length > 0 && bringsFiles(before, after);
}

/** What its rules let run is not only in the rules: a script behind a rule that was agreed to is read like the rule. */
function bringsFiles(before: Skill | null, after: Skill): boolean {
  const known = new Set(before?.files.map((file) => JSON.stringify(file)));
  return after.files.some((file) => file.path !== SKILL_FILE && !known.has(JSON.stringify(file)));
}

export function skillFiles(name: string, { files }: Skill): ConfigurationFile[] {
  return files.map(({ path, content, encoding, executable }) => ({
    path: `skills/${name}/${path}`,
    content,
    encoding,
    executable,
  }));
}

/** Of every file that Claude Code may take for a skill's own, wherever it lies. */
function mainOf({ files }: Skill): string {
  const own = files.filter(({ path, encoding }) => encoding === "utf8" && /(?:^|\/)skill\.md$/i.test(path));
  return own.map(({ content }) => content).join("\n");
}
