// The one live connection from the Session object to its runner. It lives in memory: lost, it is dialled again.
import { newWebSocketRpcSession, type RpcStub } from "capnweb";
import { GREETING_PROTOCOL_VERSION, RUNNER_PATHS, SUPPORTED_RUNNER_PROTOCOLS } from "../../shared/rpc/protocol.ts";
import {
  runnerStatusSchema,
  sessionHelloSchema,
  type RunnerSessionApi,
  type RunnerStatus,
  type SessionHello,
  type SessionHelloRequest,
} from "../../shared/rpc/runner-session-api.ts";
import { withDeadline } from "../deadline.ts";
import type { SessionHost } from "./session-host.ts";

const CONNECT_DEADLINE_MS = 10_000;
const PING_DEADLINE_MS = 5_000;

export type RunnerLink = {
  readonly runtimeId: string;
  readonly runner: RunnerSessionApi;
  readonly hello: SessionHello;
  ping(): Promise<RunnerStatus>;
  close(): void;
};

export type DialParts = {
  /** The Workspace object's fetch: it adds the boot token and refuses another runtime. */
  dial(path: string, runtimeId: string): Promise<Response>;
  host: SessionHost;
  /** Called once when the connection breaks, not when we close it. */
  onBroken(link: RunnerLink): void;
};

/** Dials the runner of that runtime and says hello. Throws when it does not answer in time. */
export async function openRunnerLink(
  parts: DialParts,
  runtimeId: string,
  request: Omit<SessionHelloRequest, "protocol_version">,
): Promise<RunnerLink> {
  const response = await withDeadline(
    parts.dial(RUNNER_PATHS.session(request.session_id), runtimeId),
    CONNECT_DEADLINE_MS,
  );
  const socket = response.webSocket;
  if (socket === null) throw new Error(`the runner answered ${response.status} instead of a WebSocket`);
  socket.accept();
  const stub = newWebSocketRpcSession<RunnerSessionApi>(socket, parts.host);
  try {
    const hello = await sayHello(stub, { ...request, protocol_version: GREETING_PROTOCOL_VERSION });
    if (hello.runtime_id !== runtimeId) throw new Error("another runtime answered");
    return createLink(stub, hello, parts.onBroken);
  } catch (error) {
    stub[Symbol.dispose]();
    throw error;
  }
}

async function sayHello(stub: RpcStub<RunnerSessionApi>, request: SessionHelloRequest): Promise<SessionHello> {
  const hello = sessionHelloSchema.parse(await withDeadline(stub.hello(request), CONNECT_DEADLINE_MS));
  if (!SUPPORTED_RUNNER_PROTOCOLS.includes(hello.protocol_version)) {
    throw new Error(`the runner speaks protocol ${hello.protocol_version}, which this build does not`);
  }
  return hello;
}

function createLink(stub: RpcStub<RunnerSessionApi>, hello: SessionHello, onBroken: DialParts["onBroken"]): RunnerLink {
  let closed = false;
  const link: RunnerLink = {
    runtimeId: hello.runtime_id,
    runner: stub,
    hello,
    ping: async () => runnerStatusSchema.parse(await withDeadline(stub.ping(), PING_DEADLINE_MS)),
    close() {
      closed = true;
      stub[Symbol.dispose]();
    },
  };
  stub.onRpcBroken(() => {
    if (closed) return;
    closed = true;
    onBroken(link);
  });
  return link;
}
