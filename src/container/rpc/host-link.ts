// A session's link to its object: the newest connection, who waits for one, and the wake-up when there is none.
import type { RpcStub } from "capnweb";
import type { SessionHostApi } from "../../shared/rpc/session-host-api.ts";

export type HostConnection = {
  readonly host: RpcStub<SessionHostApi>;
  isOpen(): boolean;
  /** Bytes that wait to be sent. */
  bufferedBytes(): number;
  close(reason: string): void;
};

export type HostLink = {
  /** Makes this the session's connection; an older one is closed. */
  attach(connection: HostConnection, previews: boolean): void;
  /** To be called when a connection is gone. */
  detach(connection: HostConnection): void;
  isConnected(): boolean;
  setPreviews(previews: boolean): void;
  /** The connection over which previews are worth sending; null for none. */
  previewConnection(): HostConnection | null;
  /** The connection, as soon as there is one; null once the signal is aborted. */
  whenConnected(signal: AbortSignal): Promise<HostConnection | null>;
  /** True while somebody waits for a connection. */
  isWanted(): boolean;
};

/** `onWanted` is called whenever somebody begins to wait for a connection. */
export function createHostLink(onWanted: () => void): HostLink {
  let current: HostConnection | null = null;
  let previews = false;
  const waiting = new Set<(connection: HostConnection) => void>();

  const open = () => (current?.isOpen() === true ? current : null);

  function whenConnected(signal: AbortSignal): Promise<HostConnection | null> {
    const connection = open();
    if (signal.aborted) return Promise.resolve(null);
    if (connection !== null) return Promise.resolve(connection);
    return new Promise((resolve) => {
      const settle = (value: HostConnection | null) => {
        waiting.delete(settle);
        signal.removeEventListener("abort", onAbort);
        resolve(value);
      };
      const onAbort = () => settle(null);
      waiting.add(settle);
      signal.addEventListener("abort", onAbort);
      onWanted();
    });
  }

  return {
    whenConnected,
    attach(connection, nextPreviews) {
      const older = current;
      current = connection;
      previews = nextPreviews;
      if (older !== connection) older?.close("a newer connection took over");
      for (const settle of waiting) settle(connection);
    },
    detach(connection) {
      if (current === connection) current = null;
    },
    isConnected: () => open() !== null,
    setPreviews: (next) => void (previews = next),
    previewConnection: () => (previews ? open() : null),
    isWanted: () => waiting.size > 0,
  };
}

/** Rejects when the call takes too long; the call itself goes on. */
export async function withDeadline<T>(call: PromiseLike<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error("The object did not answer in time")), timeoutMs);
  });
  try {
    return await Promise.race([call, late]);
  } finally {
    clearTimeout(timer);
  }
}
