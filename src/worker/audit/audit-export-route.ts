// GET /mcp/audit/export: the audit log of a time as a file, under the same access token as /mcp.
import { z } from "zod";
import { AppError } from "../../shared/errors/app-error.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import { sendTable } from "../http/table-file.ts";
import { AUDIT_EXPORT_PATH } from "./audit-export.ts";
import type { AuditService } from "./audit-service.ts";

const querySchema = z.object({ format: z.enum(["csv", "json"]), from: z.iso.date(), to: z.iso.date() });

export function matchAuditExport(method: string, pathname: string): boolean {
  return method === "GET" && pathname === AUDIT_EXPORT_PATH;
}

export function sendAuditExport(audit: Pick<AuditService, "stream">, principal: Principal, request: Request): Response {
  const query = querySchema.safeParse(Object.fromEntries(new URL(request.url).searchParams));
  if (!query.success) throw new AppError("invalid_argument", "Take the address that export_audit_log gives as it is.");
  const { format, from, to } = query.data;
  return sendTable(audit.stream(principal, { from, to }, format), { of: "audit", from, to, format });
}
