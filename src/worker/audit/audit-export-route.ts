// GET /mcp/audit/export: the audit log of a time as a file, under the same access token as /mcp.
import { z } from "zod";
import { AppError } from "../../shared/errors/app-error.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import type { AuditExportFormat } from "./audit-export.ts";
import type { AuditService } from "./audit-service.ts";

export const AUDIT_EXPORT_PATH = "/mcp/audit/export";

export const AUDIT_EXPORT_FORMATS = {
  csv: { mimeType: "text/csv", extension: "csv" },
  json: { mimeType: "application/json", extension: "json" },
} as const;

const querySchema = z.object({ format: z.enum(["csv", "json"]), from: z.iso.date(), to: z.iso.date() });

export function matchAuditExport(method: string, pathname: string): boolean {
  return method === "GET" && pathname === AUDIT_EXPORT_PATH;
}

export function auditExportName(from: string, to: string, format: AuditExportFormat): string {
  return `audit-${from}-${to}.${AUDIT_EXPORT_FORMATS[format].extension}`;
}

export function sendAuditExport(audit: Pick<AuditService, "stream">, principal: Principal, request: Request): Response {
  const query = querySchema.safeParse(Object.fromEntries(new URL(request.url).searchParams));
  if (!query.success) throw new AppError("invalid_argument", "Take the address that export_audit_log gives as it is.");
  const { format, from, to } = query.data;
  return new Response(audit.stream(principal, { from, to }, format), {
    headers: {
      "content-type": `${AUDIT_EXPORT_FORMATS[format].mimeType}; charset=utf-8`,
      "content-disposition": `attachment; filename="${auditExportName(from, to, format)}"`,
      "cache-control": "private, no-store, no-transform",
      "x-content-type-options": "nosniff",
    },
  });
}
