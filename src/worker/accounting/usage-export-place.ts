// Where a report is to be had as a file, and what the file is called.
export const USAGE_EXPORT_PATH = "/mcp/usage/export";

export const USAGE_EXPORT_FORMATS = {
  csv: { mimeType: "text/csv", extension: "csv" },
  json: { mimeType: "application/json", extension: "json" },
} as const;
export type UsageExportFormat = keyof typeof USAGE_EXPORT_FORMATS;

export function usageExportName(from: string, to: string, format: UsageExportFormat): string {
  return `usage-${from}-${to}.${USAGE_EXPORT_FORMATS[format].extension}`;
}
