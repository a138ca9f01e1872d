// What is said of a checkpoint whose stored pieces are not what they should be: which piece, and that nothing was changed.
import { AppError } from "../../../shared/errors/app-error.ts";

export function damaged(what: string, cause?: unknown): AppError {
  const message = `The checkpoint is damaged: ${what}. Nothing was changed; verify_checkpoint names everything that is hit.`;
  return new AppError("checkpoint_damaged", message, { cause });
}

/** Enough of a name to find the object by. */
export const shortHash = (sha256: string): string => sha256.slice(0, 16);
