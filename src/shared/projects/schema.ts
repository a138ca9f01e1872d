// Projects: a name, and the files that belong together. Each begins with the branch `main`, which is a workspace.
import { z } from "zod";

/** A project's name as people type it: unique for its owner, safe in a path. */
export const projectNameSchema = z
  .string()
  .regex(
    /^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/,
    "must be 1 to 64 characters of a-z, 0-9, '.', '_' and '-', and begin and end with a letter or digit",
  );

/** The project that is used, and made on first use, when none is named. */
export const DEFAULT_PROJECT_NAME = "default";
export const MAIN_BRANCH = "main";

/** A path inside a workspace, relative, with `/`. */
export const filePathSchema = z
  .string()
  .min(1)
  .max(4096)
  .refine((path) => !path.startsWith("/") && !path.includes("\0"), "must be relative to the project")
  .refine((path) => !path.split("/").includes(".."), "must not contain '..'");

export const projectFileSchema = z.object({
  path: z.string(),
  type: z.enum(["file", "directory", "symlink", "other"]),
  /** Bytes; 0 for anything but a file. */
  size: z.number().int().nonnegative(),
  /** ISO 8601. */
  modified_at: z.string(),
});
export type ProjectFile = z.infer<typeof projectFileSchema>;
