// Finds the one skill in an archive: the folder that holds SKILL.md, and everything below it.
import { AppError } from "../../shared/errors/app-error.ts";
import { MAX_SKILL_BYTES, MAX_SKILL_FILES, SKILL_FILE, type SkillFile } from "../../shared/skills/skill-schema.ts";
import { pathProblem } from "../../shared/skills/skill-path.ts";
import { readZip, type ZipLimits } from "./read-zip.ts";
import { toSkillFile } from "./read-skill.ts";

const LIMITS: ZipLimits = { maxEntries: 20_000, maxBytes: MAX_SKILL_BYTES };
/** What systems leave in archives. */
const LEFTOVERS = /(?:^|\/)(?:__MACOSX\/|\.DS_Store$|Thumbs\.db$)/;

/** `folder`: where in the archive, below the one folder that repositories' archives begin with. */
export async function findSkillFiles(archive: Uint8Array, folder: string | null): Promise<SkillFile[]> {
  const paths: string[] = [];
  await readZip(archive, LIMITS, (path) => {
    if (!LEFTOVERS.test(path)) paths.push(path);
    return false;
  });
  const top = findTop(paths, folder);
  const wanted = paths.filter((path) => path.startsWith(top));
  if (wanted.length > MAX_SKILL_FILES) throw refused(`holds more than ${MAX_SKILL_FILES} files`);
  for (const path of wanted) {
    const problem = pathProblem(path.slice(top.length));
    if (problem !== null) throw refused(`holds ${JSON.stringify(path.slice(0, 100))}, which ${problem}`);
  }
  const files = await readZip(archive, LIMITS, (path) => !LEFTOVERS.test(path) && path.startsWith(top));
  return files.map((file) => toSkillFile({ ...file, path: file.path.slice(top.length) }));
}

/** The folder of the only SKILL.md, with a slash at its end; empty for the archive's top. */
function findTop(paths: readonly string[], folder: string | null): string {
  const tops = paths
    .filter((path) => path === SKILL_FILE || path.endsWith(`/${SKILL_FILE}`))
    .map((path) => path.slice(0, -SKILL_FILE.length));
  const isMeant = (top: string): boolean => {
    const inner = top.replace(/\/$/, "");
    return inner === folder || inner.replace(/^[^/]+\/?/, "") === folder;
  };
  const meant = folder === null ? outermost(tops) : tops.filter(isMeant);
  const [top] = meant;
  if (top === undefined) throw refused(`holds no ${SKILL_FILE}${folder === null ? "" : " in that folder"}`);
  if (meant.length > 1) {
    const names = meant.slice(0, 20).map((one) => one.replace(/\/$/, "") || ".");
    throw refused(`holds several skills; give one of them as folder: ${names.join(", ")}`.slice(0, 1_000));
  }
  return top;
}

/** A SKILL.md below another skill's folder belongs to that one. */
function outermost(tops: readonly string[]): string[] {
  return tops.filter((top) => !tops.some((other) => other !== top && top.startsWith(other)));
}

function refused(why: string): AppError {
  return new AppError("skill_refused", `The archive ${why}.`);
}
