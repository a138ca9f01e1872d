// What the scripted model was asked, for tests to look at: the newest requests within a bound of memory.
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";

const MAX_REQUESTS = 500;
const MAX_BYTES = 128 * 1024 * 1024;

export type RecordedRequest = {
  /** ms since 1970. */
  at: number;
  method: string;
  /** With its query. */
  path: string;
  headers: IncomingHttpHeaders;
  /** The parsed body; null when it is no JSON. */
  body: unknown;
  bytes: number;
};

export function createRequestLog() {
  const requests: RecordedRequest[] = [];
  let bytes = 0;

  function add(request: IncomingMessage, body: string): RecordedRequest {
    const record = {
      at: Date.now(),
      method: request.method ?? "",
      path: request.url ?? "",
      headers: request.headers,
      body: parseJson(body),
      bytes: body.length,
    };
    requests.push(record);
    bytes += record.bytes;
    while (requests.length > 1 && (requests.length > MAX_REQUESTS || bytes > MAX_BYTES)) {
      bytes -= requests.shift()?.bytes ?? 0;
    }
    return record;
  }

  return { requests, add };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
