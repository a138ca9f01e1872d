// The edge's pack routes for tests of the runner: keeps what it is sent by its SHA-256, and misbehaves on request.
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { EDGE_PATHS, PACKS_HEADER } from "../../src/shared/rpc/protocol.ts";

/** How the edge meets a request: with a status, not at all (`drop`), or as it should (null). */
export type Mishap = number | "drop" | null;
export type PackRequest = { method: string; sha256: string; token: string; count: number };

export type PackEdge = {
  url: string;
  /** By SHA-256 in hex. A test may tamper with them. */
  packs: Map<string, Buffer>;
  /** Git bundles that were stored, by the id of their export. */
  bundles: Map<string, Buffer>;
  /** Every request in order, also those that failed. `count` is its number among those of its method. */
  requests: PackRequest[];
  /** Bytes that GETs have handed out. */
  bytesRead(): number;
  /** Asked for each request until it is given another one. */
  fail(how: (request: PackRequest) => Mishap): void;
  /** Tokens that it takes; all of them at first. */
  accept(accepts: (token: string) => boolean): void;
  /** Every answer waits this long. */
  delay(ms: number): void;
  close(): Promise<void>;
};

/** The packs of a request; the first stands for all of them where a test makes it fail. */
function namesOf(request: IncomingMessage): string[] {
  const one = new RegExp(`^${EDGE_PATHS.packs}/([0-9a-f]{64})$`).exec(request.url ?? "")?.[1];
  if (one !== undefined) return [one];
  if (request.url !== EDGE_PATHS.packs) return [];
  return String(request.headers[PACKS_HEADER]).match(/[0-9a-f]{64}/g) ?? [];
}

function partsOf(body: Buffer, header: string): Buffer[] {
  let at = 0;
  return header.split(",").map((pack) => body.subarray(at, (at += Number(pack.split(":")[1]))));
}

/** Without `keep` packs are verified and forgotten. */
export async function startPackEdge(options: { keep?: boolean } = {}): Promise<PackEdge> {
  const packs = new Map<string, Buffer>();
  const bundles = new Map<string, Buffer>();
  const requests: PackRequest[] = [];
  let mishap: (request: PackRequest) => Mishap = () => null;
  let accepts: (token: string) => boolean = () => true;
  let delayMs = 0;
  let bytesRead = 0;

  function put(named: readonly string[], body: Buffer, request: IncomingMessage): number {
    if (request.headers["content-length"] !== String(body.length)) return 411;
    const parts = named.length === 1 ? [body] : partsOf(body, String(request.headers[PACKS_HEADER]));
    for (const [index, part] of parts.entries()) {
      const sha256 = createHash("sha256").update(part).digest("hex");
      if (sha256 !== named[index]) return 400;
      packs.set(sha256, options.keep === false ? Buffer.alloc(0) : part);
    }
    return 201;
  }
  function get(sha256: string, request: IncomingMessage, response: ServerResponse): void {
    const pack = packs.get(sha256);
    if (pack === undefined) return void response.writeHead(404).end();
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
    const [from, to] = range === null ? [0, pack.length] : [Number(range[1]), Number(range[2]) + 1];
    if (from >= pack.length) return void response.writeHead(416).end();
    const part = pack.subarray(from, to);
    bytesRead += part.length;
    response.writeHead(range === null ? 200 : 206, { "content-length": part.length }).end(part);
  }
  function answer(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
    const named = namesOf(request);
    const [sha256] = named;
    const bundle = new RegExp(`^${EDGE_PATHS.exports}/([0-9a-f-]{36})$`).exec(request.url ?? "")?.[1];
    if (bundle !== undefined && request.method === "PUT") {
      bundles.set(bundle, body);
      return void response.writeHead(201).end();
    }
    if (sha256 === undefined) return void response.writeHead(404).end();
    const method = request.method ?? "";
    const token = (request.headers.authorization ?? "").replace(/^Bearer /, "");
    const count = requests.filter((earlier) => earlier.method === method).length + 1;
    requests.push({ method, sha256, token, count });
    const how = mishap({ method, sha256, token, count });
    if (how === "drop") return void request.socket.destroy();
    if (how !== null) return void response.writeHead(how).end();
    if (!accepts(token)) return void response.writeHead(401).end();
    if (method === "GET") return get(sha256, request, response);
    response.writeHead(method === "PUT" ? put(named, body, request) : 405).end();
  }

  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("error", () => {});
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => void setTimeout(answer, delayMs, request, response, Buffer.concat(parts)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    packs,
    bundles,
    requests,
    bytesRead: () => bytesRead,
    fail: (how) => void (mishap = how),
    accept: (next) => void (accepts = next),
    delay: (ms) => void (delayMs = ms),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
