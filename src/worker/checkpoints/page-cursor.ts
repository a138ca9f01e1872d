// Cursors of checkpoint pages: where the page before ended, as one opaque text.
import { AppError } from "../../shared/errors/app-error.ts";
import { uuidSchema } from "../../shared/ids.ts";
import type { ListPosition } from "./checkpoint-store.ts";

const ISO = /^\d{4}-\d\d-\d\dT[\d:.]{5,20}Z$/;

export const writeListCursor = ({ created_at, checkpoint_id }: ListPosition): string =>
  `${created_at}~${checkpoint_id}`;

export function readListCursor(text: string | undefined): ListPosition | null {
  if (text === undefined) return null;
  const [created_at = "", checkpoint_id = ""] = text.split("~");
  if (!ISO.test(created_at) || !uuidSchema.safeParse(checkpoint_id).success) throw badCursor();
  return { created_at, checkpoint_id };
}

export function badCursor(): AppError {
  return new AppError("invalid_argument", "cursor is not one that this tool gave.");
}
