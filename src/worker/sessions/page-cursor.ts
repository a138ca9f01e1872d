// The cursor of a list of sessions: where the page before ended, as one opaque text.
import { z } from "zod";
import { uuidSchema } from "../../shared/ids.ts";

export type PagePosition = { created_at: string; session_id: string };

export function encodePageCursor(position: PagePosition): string {
  return `${position.created_at}~${position.session_id}`;
}

export const pageCursorField = z
  .string()
  .max(100)
  .transform((text, context): PagePosition => {
    const [created_at = "", session_id = ""] = text.split("~");
    const isWhole = z.iso.datetime().safeParse(created_at).success && uuidSchema.safeParse(session_id).success;
    if (!isWhole) context.addIssue("is not a cursor that this tool gave");
    return { created_at, session_id };
  });
