// What a project's .berthignore files leave out: gitignore's syntax, at any level, the deeper file's word last.
import { readFileSync } from "node:fs";
import ignore, { type Ignore } from "ignore";

export const IGNORE_FILE = ".berthignore";

export type IgnoreRules = {
  matcher: Ignore;
  /** Where the file lies: relative, latin1, with a slash at its end; empty for the root. */
  prefix: string;
  outer: IgnoreRules | null;
};

/** The rules of that folder within those around it; those around it alone when its file cannot be read. */
export function readIgnoreRules(folder: Buffer, prefix: string, outer: IgnoreRules | null): IgnoreRules | null {
  try {
    const text = readFileSync(Buffer.concat([folder, Buffer.from(IGNORE_FILE)]), "utf8");
    const matcher = ignore({ ignorecase: false, allowRelativePaths: true }).add(text);
    return { matcher, prefix, outer };
  } catch {
    return outer;
  }
}

/** `path` is latin1, without a slash at its end. The ignore files themselves are always kept. */
export function isIgnored(rules: IgnoreRules, path: string, isDirectory: boolean): boolean {
  if (!isDirectory && (path === IGNORE_FILE || path.endsWith(`/${IGNORE_FILE}`))) return false;
  for (let level: IgnoreRules | null = rules; level !== null; level = level.outer) {
    const relative = Buffer.from(path.slice(level.prefix.length), "latin1").toString("utf8");
    const { ignored, unignored } = level.matcher.test(isDirectory ? `${relative}/` : relative);
    if (ignored || unignored) return ignored;
  }
  return false;
}
