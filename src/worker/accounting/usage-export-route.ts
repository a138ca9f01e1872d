// GET /mcp/usage/export: a report as a file, under the same access token as /mcp.
import { z } from "zod";
import { AppError } from "../../shared/errors/app-error.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import { timeZoneSchema } from "../../shared/accounting/report.ts";
import { sendTable } from "../http/table-file.ts";
import { USAGE_EXPORT_PATH } from "./usage-export.ts";
import type { UsageService } from "./usage-service.ts";

const querySchema = z.object({
  format: z.enum(["csv", "json"]),
  from: z.iso.date(),
  to: z.iso.date(),
  time_zone: timeZoneSchema,
});

export function matchUsageExport(method: string, pathname: string): boolean {
  return method === "GET" && pathname === USAGE_EXPORT_PATH;
}

export function sendUsageExport(usage: UsageService, principal: Principal, request: Request): Response {
  const query = querySchema.safeParse(Object.fromEntries(new URL(request.url).searchParams));
  if (!query.success)
    throw new AppError("invalid_argument", "Take the address that export_usage_report gives as it is.");
  const { format, from, to, time_zone } = query.data;
  const body = usage.stream(principal, { from, to, time_zone }, format);
  return sendTable(body, { of: "usage", from, to, format });
}
