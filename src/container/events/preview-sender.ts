// Sends live deltas while somebody watches, and drops them where the link is slow: they are worth nothing late.
import type { HostLink } from "../rpc/host-link.ts";

const MAX_IN_FLIGHT = 64;
const MAX_BUFFERED_BYTES = 512 * 1024;

export type PreviewSender = { send(turnId: string | null, message: unknown): void };

export function createPreviewSender(link: HostLink, runtimeId: string): PreviewSender {
  let inFlight = 0;
  return {
    send(turnId, message) {
      const connection = link.previewConnection();
      if (connection === null || inFlight >= MAX_IN_FLIGHT) return;
      if (connection.bufferedBytes() > MAX_BUFFERED_BYTES) return;
      inFlight += 1;
      const settle = () => {
        inFlight -= 1;
      };
      connection.host.preview({ runtime_id: runtimeId, turn_id: turnId, message }).then(settle, settle);
    },
  };
}
