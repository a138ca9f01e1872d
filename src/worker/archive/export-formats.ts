// The formats of an export, and what they are called.

export const EXPORT_FORMAT_NAMES = ["jsonl", "markdown"] as const;
export type ExportFormat = (typeof EXPORT_FORMAT_NAMES)[number];

export const EXPORT_FORMATS = {
  jsonl: { mimeType: "application/x-ndjson", extension: "jsonl" },
  markdown: { mimeType: "text/markdown", extension: "md" },
} as const satisfies Record<ExportFormat, { mimeType: string; extension: string }>;
