// GET /mcp/sessions/:id/export?format=jsonl|markdown: a session's log as a file, under the same access token as /mcp.
import { z } from "zod";
import { AppError } from "../../shared/errors/app-error.ts";
import { uuidSchema } from "../../shared/ids.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import { type ArchiveService, exportName } from "./archive-service.ts";
import { EXPORT_FORMAT_NAMES, EXPORT_FORMATS } from "./export-formats.ts";

const PATH = /^\/mcp\/sessions\/([^/]+)\/export$/;
const formatSchema = z.enum(EXPORT_FORMAT_NAMES);

/** The session's id. */
export function matchExport(method: string, pathname: string): string | null {
  const [, sessionId = ""] = (method === "GET" ? PATH.exec(pathname) : null) ?? [];
  return uuidSchema.safeParse(sessionId).success ? sessionId : null;
}

export async function sendExport(
  archive: ArchiveService,
  principal: Principal,
  sessionId: string,
  request: Request,
): Promise<Response> {
  const format = formatSchema.safeParse(new URL(request.url).searchParams.get("format") ?? "jsonl");
  if (!format.success) throw new AppError("invalid_argument", `format must be ${EXPORT_FORMAT_NAMES.join(" or ")}.`);
  const body = await archive.open(principal, sessionId, format.data);
  return new Response(body, {
    headers: {
      "content-type": `${EXPORT_FORMATS[format.data].mimeType}; charset=utf-8`,
      "content-disposition": `attachment; filename="${exportName(sessionId, format.data)}"`,
      "cache-control": "private, no-store, no-transform",
      "x-content-type-options": "nosniff",
    },
  });
}
