// Which paths a restore is about: everything, or some files and folders with what lies below them.
import { fromBase64Url } from "../../../shared/checkpoints/bytes-text.ts";
import { isSafePath, isWithin } from "../../../shared/checkpoints/path-bytes.ts";
import { AppError } from "../../../shared/errors/app-error.ts";

export type Scope = {
  readonly isWhole: boolean;
  includes(path: Uint8Array): boolean;
  /** A folder on the way to something that is included. */
  leadsTo(path: Uint8Array): boolean;
};

/** `paths`: base64url of path bytes; null for the whole workspace. */
export function createScope(paths: readonly string[] | null): Scope {
  if (paths === null) return { isWhole: true, includes: () => true, leadsTo: () => false };
  const wanted = paths.map((text) => fromBase64Url(text));
  if (!wanted.every(isSafePath)) {
    throw new AppError("invalid_argument", "paths must be relative to the project and stay inside it.");
  }
  return {
    isWhole: false,
    includes: (path) => wanted.some((one) => isWithin(path, one)),
    leadsTo: (path) => wanted.some((one) => one.length > path.length && isWithin(one, path)),
  };
}
