// Stands between the objects and the runners: hands the supervisor's answers on with ports of its own, and can cut what
// passes through them, stop reading, or hold back one direction.
import { once } from "node:events";
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { createValve, readAcknowledgement, type Valve } from "./acknowledgement-valve.ts";

export type Direction = "to_runner" | "to_object";

export type ConnectionProxy = {
  /** What the objects take for the supervisor is `<url>/to/<the supervisor's port>`. */
  url: string;
  /** Destroys every connection to that workspace's runner, and says how many there were. */
  cut(workspaceId: string): number;
  /** Reads nothing in these directions any more, also of connections that are made later. Says how many there are now. */
  hold(workspaceId: string, directions: readonly Direction[]): number;
  release(workspaceId: string): void;
  /**
   * Holds back the acknowledgement that this says yes to, and what comes after it on the same connection. Resolves once
   * one is held.
   */
  holdAcknowledgement(workspaceId: string, isMeant: (sourceSeq: number) => boolean): Promise<void>;
  close(): Promise<void>;
};

type Acknowledgement = { isMeant: (sourceSeq: number) => boolean; onHeld: () => void };
type Relay = { workspaceId: string; server: Server; port: number; pairs: Set<Pair> };
type Pair = Record<Direction, Socket>;

export async function startConnectionProxy(): Promise<ConnectionProxy> {
  /** By the runner's own port: another runner is another relay. */
  const relays = new Map<number, Relay>();
  const held = new Map<string, ReadonlySet<Direction>>();
  const wanted = new Map<string, Acknowledgement>();

  const valves = new WeakMap<Pair, Valve>();

  function apply(workspaceId: string): void {
    const directions = held.get(workspaceId) ?? new Set();
    for (const relay of relays.values()) {
      if (relay.workspaceId !== workspaceId) continue;
      for (const pair of relay.pairs) {
        for (const direction of ["to_runner", "to_object"] as const) {
          if (directions.has(direction)) pair[direction].pause();
          else pair[direction].resume();
        }
      }
    }
  }

  async function relayTo(workspaceId: string, runnerPort: number): Promise<number> {
    const known = relays.get(runnerPort);
    if (known?.workspaceId === workspaceId) return known.port;
    known?.server.close();
    const pairs: Relay["pairs"] = new Set();
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (object) => {
      const runner = connect({ port: runnerPort, host: "127.0.0.1", allowHalfOpen: true });
      // Named after where their bytes go.
      const pair = { to_runner: object, to_object: runner };
      pairs.add(pair);
      const valve = createValve((text) => {
        const acknowledgement = wanted.get(workspaceId);
        const seq = readAcknowledgement(text);
        if (acknowledgement === undefined || seq === null || !acknowledgement.isMeant(seq)) return false;
        acknowledgement.onHeld();
        return true;
      });
      valves.set(pair, valve);
      join(object, runner, (chunk) => valve.pass(chunk));
      join(runner, object, (chunk) => chunk);
      for (const socket of [object, runner]) socket.on("close", () => pairs.delete(pair));
      apply(workspaceId);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    relays.set(runnerPort, { workspaceId, server, port, pairs });
    return port;
  }

  const supervisor = createHttpServer((request, response) => {
    forward(request, response, relayTo).catch(() => response.destroy());
  });
  supervisor.listen(0, "127.0.0.1");
  await once(supervisor, "listening");

  const cut = (isMeant: (relay: Relay) => boolean): number => {
    const pairs = [...relays.values()].filter(isMeant).flatMap((relay) => [...relay.pairs]);
    for (const { to_runner, to_object } of pairs) [to_runner, to_object].forEach((socket) => socket.destroy());
    return pairs.length;
  };
  return {
    url: `http://127.0.0.1:${(supervisor.address() as AddressInfo).port}`,
    cut: (workspaceId) => cut((relay) => relay.workspaceId === workspaceId),
    hold(workspaceId, directions) {
      held.set(workspaceId, new Set(directions));
      apply(workspaceId);
      return [...relays.values()].reduce(
        (sum, relay) => sum + (relay.workspaceId === workspaceId ? relay.pairs.size : 0),
        0,
      );
    },
    holdAcknowledgement: (workspaceId, isMeant) =>
      new Promise((resolve) => wanted.set(workspaceId, { isMeant, onHeld: resolve })),
    release(workspaceId) {
      held.delete(workspaceId);
      wanted.delete(workspaceId);
      for (const relay of relays.values()) {
        if (relay.workspaceId !== workspaceId) continue;
        for (const pair of relay.pairs) {
          const kept = valves.get(pair)?.open();
          if (kept !== undefined && kept.length > 0) pair.to_object.write(kept);
        }
      }
      apply(workspaceId);
    },
    async close() {
      for (const { server } of relays.values()) server.close();
      cut(() => true);
      supervisor.close();
      supervisor.closeAllConnections();
    },
  };
}

function join(from: Socket, to: Socket, filter: (chunk: Buffer) => Buffer): void {
  from.on("data", (chunk: Buffer) => {
    const passing = filter(chunk);
    if (passing.length > 0) to.write(passing);
  });
  from.on("end", () => void to.end());
  from.on("close", () => void to.destroy());
  from.on("error", () => void to.destroy());
}

/** Hands a question to the supervisor on, and names the relay's port in the answer instead of the runner's. */
async function forward(
  request: IncomingMessage,
  response: ServerResponse,
  relayTo: (workspaceId: string, runnerPort: number) => Promise<number>,
): Promise<void> {
  const [, port = "", path = ""] = /^\/to\/(\d+)(\/.*)$/.exec(request.url ?? "") ?? [];
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: request.method ?? "GET",
    headers: { authorization: request.headers.authorization ?? "", "content-type": "application/json" },
    ...(chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }),
  });
  const body = (await answer.json()) as { port?: number };
  const workspaceId = /^\/sandboxes\/([^/?]+)/.exec(path)?.[1];
  if (workspaceId !== undefined && body.port !== undefined) body.port = await relayTo(workspaceId, body.port);
  response.writeHead(answer.status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
