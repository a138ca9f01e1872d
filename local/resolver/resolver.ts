// Answers the Worker's questions for names, in the form of DNS over HTTPS, with what this machine would connect to.
// workerd cannot ask the machine's resolver itself, and the public one does not know what /etc/hosts says.
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type LocalResolver = { url: string; close(): void };

type Lookup = (name: string) => Promise<{ address: string; family: number }[]>;

const TYPES: Record<string, { type: number; family: number }> = {
  A: { type: 1, family: 4 },
  AAAA: { type: 28, family: 6 },
};
const SERVER_FAILURE = 2;
const NAME_ERROR = 3;
const UNKNOWN = new Set(["ENOTFOUND", "ENODATA"]);

const lookupAll: Lookup = (name) => lookup(name, { all: true, verbatim: true });

export async function startResolver(look: Lookup = lookupAll): Promise<LocalResolver> {
  const server = createServer((request, response) => void answer(look, request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/dns-query`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function answer(look: Lookup, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const query = new URL(request.url ?? "/", "http://resolver").searchParams;
  const wanted = TYPES[query.get("type") ?? ""];
  const name = query.get("name") ?? "";
  const body = wanted === undefined || name === "" ? { Status: SERVER_FAILURE } : await resolve(look, name, wanted);
  response.writeHead(200, { "content-type": "application/dns-json" }).end(JSON.stringify(body));
}

async function resolve(look: Lookup, name: string, { type, family }: { type: number; family: number }) {
  try {
    const found = await look(name);
    const Answer = found.filter((one) => one.family === family).map((one) => ({ name, type, data: one.address }));
    return { Status: 0, Answer };
  } catch (error) {
    const isUnknown = UNKNOWN.has((error as NodeJS.ErrnoException).code ?? "");
    return { Status: isUnknown ? NAME_ERROR : SERVER_FAILURE };
  }
}
