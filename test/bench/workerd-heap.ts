// The JavaScript heap of the isolate in which Berth's Worker and objects run, by the inspector that wrangler offers.
import { readlinkSync, readdirSync, readFileSync } from "node:fs";
import { WebSocket } from "ws";

type Socket = { port: number; remotePort: number; state: string; inode: string };

const LISTEN = "0A";
const ESTABLISHED = "01";

/** Bytes in use after a garbage collection. */
export async function measureHeap(wranglerPids: readonly number[]): Promise<number> {
  const inspector = await findInspector(wranglerPids);
  const socket = new WebSocket(inspector);
  await new Promise<void>((resolve, reject) => socket.once("open", () => resolve()).once("error", reject));
  try {
    await ask(socket, 1, "HeapProfiler.collectGarbage");
    await ask(socket, 2, "HeapProfiler.collectGarbage");
    return (await ask(socket, 3, "Runtime.getHeapUsage"))["usedSize"] as number;
  } finally {
    socket.close();
  }
}

/** Established TCP connections to the ports that these processes listen on. */
export function countConnections(pids: readonly number[]): number {
  const sockets = readSockets();
  const ports = new Set(listeningPorts(pids, sockets));
  return sockets.filter(({ state, port }) => state === ESTABLISHED && ports.has(port)).length;
}

async function findInspector(pids: readonly number[]): Promise<string> {
  for (const port of listeningPorts(pids, readSockets())) {
    const answer = await fetch(`http://127.0.0.1:${port}/json`, { signal: AbortSignal.timeout(1_000) }).catch(
      () => null,
    );
    const targets = (await answer?.json().catch(() => null)) as {
      description?: string;
      webSocketDebuggerUrl?: string;
    }[];
    const url = Array.isArray(targets) ? targets.find(({ description }) => description === "workers") : undefined;
    if (url?.webSocketDebuggerUrl !== undefined) return url.webSocketDebuggerUrl;
  }
  throw new Error("wrangler offers no inspector.");
}

function ask(socket: WebSocket, id: number, method: string): Promise<Record<string, unknown>> {
  return new Promise((resolve) => {
    const onMessage = (data: unknown): void => {
      const answer = JSON.parse(String(data)) as { id?: number; result?: Record<string, unknown> };
      if (answer.id !== id) return;
      socket.off("message", onMessage);
      resolve(answer.result ?? {});
    };
    socket.on("message", onMessage);
    socket.send(JSON.stringify({ id, method }));
  });
}

function listeningPorts(pids: readonly number[], sockets: readonly Socket[]): number[] {
  const inodes = new Set(pids.flatMap(readInodes));
  return sockets.filter(({ state, inode }) => state === LISTEN && inodes.has(inode)).map(({ port }) => port);
}

function readInodes(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).flatMap((name) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`${folder}/${name}`))?.slice(1) ?? [];
    } catch {
      // Closed in the meantime.
      return [];
    }
  });
}

function readSockets(): Socket[] {
  return ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((path) =>
    readFileSync(path, "utf8")
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => {
        const [, local = "", remote = "", state = "", , , , , , inode = ""] = line.trim().split(/\s+/);
        return { port: portOf(local), remotePort: portOf(remote), state, inode };
      }),
  );
}

function portOf(address: string): number {
  return Number.parseInt(address.split(":")[1] ?? "0", 16);
}
