// Deletes sessions, and exports their logs: where an export is to be had, and its pages as a stream.
import { unwrap } from "../../shared/errors/app-error.ts";
import type { LogSize, SessionApi } from "../../shared/rpc/session-api.ts";
import type { Principal } from "../../shared/teams/principal.ts";
import { type ExportBucket, streamExport } from "./export-stream.ts";
import { type ExportFormat, EXPORT_FORMATS } from "./export-formats.ts";

type ArchivedSession = Pick<SessionApi, "deleteSession" | "readLog" | "measureLog">;

export type ExportPlace = {
  url: string;
  name: string;
  mime_type: string;
  size: number | null;
  session: LogSize["session"];
};

export type ArchiveService = {
  /** Resolves when nothing is left of it; throws `deletion_incomplete` while something is. */
  remove(principal: Principal, sessionId: string): Promise<void>;
  locate(principal: Principal, sessionId: string, format: ExportFormat): Promise<ExportPlace>;
  /** Throws before the first byte when there is no such session. */
  open(principal: Principal, sessionId: string, format: ExportFormat): Promise<ReadableStream<Uint8Array>>;
};

export type ArchiveServiceOptions = {
  session: (sessionId: string) => ArchivedSession;
  bucket: ExportBucket;
  publicUrl: string;
};

export function createArchiveService(options: ArchiveServiceOptions): ArchiveService {
  return {
    async remove(principal, sessionId) {
      unwrap(await options.session(sessionId).deleteSession(principal));
    },
    async locate(principal, sessionId, format) {
      const { session, export_bytes } = unwrap(await options.session(sessionId).measureLog(principal));
      return {
        url: `${options.publicUrl}/mcp/sessions/${sessionId}/export?format=${format}`,
        name: exportName(sessionId, format),
        mime_type: EXPORT_FORMATS[format].mimeType,
        // How long a transcript is shows only when it is written.
        size: format === "jsonl" ? export_bytes : null,
        session,
      };
    },
    async open(principal, sessionId, format) {
      const readPage = async (after: number) => unwrap(await options.session(sessionId).readLog(principal, after));
      const { session } = unwrap(await options.session(sessionId).measureLog(principal));
      return streamExport({ readPage, bucket: options.bucket, format, session });
    },
  };
}

export function exportName(sessionId: string, format: ExportFormat): string {
  return `session-${sessionId}.${EXPORT_FORMATS[format].extension}`;
}
