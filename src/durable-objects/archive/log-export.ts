// Gives out the log for an export, page by page, and says how large it is altogether.
import type { LogPage } from "../../shared/rpc/session-api.ts";
import { bodyKey } from "../events/body-store.ts";
import type { SessionLogParts } from "../sessions/session-log.ts";
import type { ArchivedLog } from "./archived-log.ts";
import type { ArchiveStore } from "./archive-store.ts";
import { exportBytesOf } from "./export-size.ts";

/** What one call carries; the whole is never in memory. */
const PAGE = { maxEvents: 500, maxBytes: 512 * 1024 };

type Parts = Pick<SessionLogParts, "sessions" | "events"> & { archive: ArchiveStore; archived: ArchivedLog };

export type LogExport = {
  page(afterSeq: number): Promise<LogPage>;
  bytes(): number;
};

export function createLogExport({ sessions, events, archive, archived }: Parts): LogExport {
  return {
    async page(afterSeq) {
      const owner = sessions.get();
      const page = await archived.pageJson(afterSeq, PAGE);
      const last = page.at(-1)?.seq ?? afterSeq;
      return {
        events: page.map(({ seq, json, body }) => ({
          seq,
          json,
          body_key: body === null ? null : bodyKey(owner, body.sha256),
        })),
        has_more: last < events.cursor(),
      };
    },
    bytes() {
      let bytes = archive.exportBytes();
      for (const event of events.scanJson(archive.lastSeq())) bytes += exportBytesOf(event);
      return bytes;
    },
  };
}
