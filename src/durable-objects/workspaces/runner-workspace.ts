// Asks the runner about files, programs and checkpoints, over a connection that is kept for the question that soon follows.
import { newWebSocketRpcSession, type RpcStub } from "capnweb";
import { RUNNER_PATHS, RUNTIME_HEADER } from "../../shared/rpc/protocol.ts";
import type { RunnerWorkspaceApi } from "../../shared/rpc/runner-workspace-api.ts";
import { withDeadline } from "../deadline.ts";
import type { SandboxPort } from "../sandboxes/sandbox-port.ts";

const CONNECT_DEADLINE_MS = 10_000;
/** A dial costs milliseconds; an open connection keeps the object awake. */
const KEPT_MS = 5_000;

/** That runtime cannot be reached any more, or was replaced: what it says does not count, and nobody is asked in its place. */
export class FencedError extends Error {
  constructor() {
    super("the runtime that was meant is not there any more");
    this.name = "FencedError";
  }
}

/** `runtimeId`: nobody else is asked; whoever runs without one. */
type RunnerAddress = { bootToken: string; runtimeId: string | undefined };
type Question<T> = { deadlineMs: number; ask(runner: RunnerWorkspaceApi): Promise<T> };

/** With a `runtimeId` that one alone is asked: throws `FencedError` when it is not there. */
export type Ask = <T>(
  question: (runner: RunnerWorkspaceApi) => Promise<T>,
  deadlineMs?: number,
  runtimeId?: string,
) => Promise<T>;

/** `inUse` counts the questions that are open. */
type Link = RunnerAddress & {
  socket: WebSocket;
  stub: RpcStub<RunnerWorkspaceApi>;
  inUse: number;
  idle: ReturnType<typeof setTimeout> | null;
};

export type RunnerAsker = <T>(address: RunnerAddress, question: Question<T>) => Promise<T>;

export function createRunnerAsker(sandbox: Pick<SandboxPort, "fetch">, keptMs = KEPT_MS): RunnerAsker {
  let kept: Link | null = null;

  const close = (link: Link): void => {
    if (link.idle !== null) clearTimeout(link.idle);
    link.stub[Symbol.dispose]();
  };
  /** Nobody asks over it again; who does now is answered. */
  const letGo = (link: Link): void => {
    if (kept !== link) return;
    kept = null;
    if (link.inUse === 0) close(link);
  };
  const open = async (address: RunnerAddress): Promise<Link> => {
    if (kept !== null && isFor(kept, address)) return use(kept);
    const socket = await connect(sandbox, address);
    const link: Link = { ...address, socket, stub: newWebSocketRpcSession(socket), inUse: 0, idle: null };
    socket.addEventListener("close", () => letGo(link));
    socket.addEventListener("error", () => letGo(link));
    if (kept !== null) letGo(kept);
    return use((kept = link));
  };
  const done = (link: Link): void => {
    link.inUse -= 1;
    if (link.inUse > 0) return;
    if (kept === link) link.idle = setTimeout(letGo, keptMs, link);
    else close(link);
  };

  return async (address, { deadlineMs, ask }) => {
    const before = kept;
    const link = await open(address);
    try {
      return await withDeadline(ask(link.stub), deadlineMs);
    } catch (error) {
      // It may be the connection that is wrong: the next question does not find out by waiting.
      letGo(link);
      // What was kept may have lost its runner unnoticed: a new dial finds out who is there.
      throw link === before && isBroken(link) ? new FencedError() : error;
    } finally {
      done(link);
    }
  };
}

function isBroken({ socket, runtimeId }: Link): boolean {
  return runtimeId !== undefined && socket.readyState !== WebSocket.OPEN;
}

function use(link: Link): Link {
  if (link.idle !== null) clearTimeout(link.idle);
  link.inUse += 1;
  return link;
}

/** Each start of a sandbox has a boot token of its own. */
function isFor(link: Link, { bootToken, runtimeId }: RunnerAddress): boolean {
  return link.bootToken === bootToken && link.runtimeId === runtimeId;
}

async function connect(sandbox: Pick<SandboxPort, "fetch">, address: RunnerAddress): Promise<WebSocket> {
  const { bootToken, runtimeId } = address;
  const headers = new Headers({ authorization: `Bearer ${bootToken}`, upgrade: "websocket" });
  if (runtimeId !== undefined) headers.set(RUNTIME_HEADER, runtimeId);
  const request = new Request(`http://runner${RUNNER_PATHS.workspace}`, { headers });
  try {
    return await dial(sandbox, request);
  } catch (error) {
    throw runtimeId === undefined ? error : new FencedError();
  }
}

async function dial(sandbox: Pick<SandboxPort, "fetch">, request: Request): Promise<WebSocket> {
  const response = await withDeadline(sandbox.fetch(request), CONNECT_DEADLINE_MS);
  const socket = response.webSocket;
  if (socket === null) throw new Error(`the runner answered ${response.status} instead of a WebSocket`);
  socket.accept();
  return socket;
}
