// Asks the runner about files, programs and checkpoints: one connection a question.
import { newWebSocketRpcSession } from "capnweb";
import { RUNNER_PATHS, RUNTIME_HEADER } from "../../shared/rpc/protocol.ts";
import type { RunnerWorkspaceApi } from "../../shared/rpc/runner-workspace-api.ts";
import { withDeadline } from "../deadline.ts";
import type { SandboxPort } from "../sandboxes/sandbox-port.ts";

const CONNECT_DEADLINE_MS = 10_000;

/** That runtime cannot be reached any more, or was replaced: what it says does not count, and nobody is asked in its place. */
export class FencedError extends Error {
  constructor() {
    super("the runtime that was meant is not there any more");
    this.name = "FencedError";
  }
}

/** `runtimeId`: nobody else is asked; whoever runs without one. */
type RunnerAddress = { bootToken: string; runtimeId: string | undefined };

/** With a `runtimeId` that one alone is asked: throws `FencedError` when it is not there. */
export type Ask = <T>(
  question: (runner: RunnerWorkspaceApi) => Promise<T>,
  deadlineMs?: number,
  runtimeId?: string,
) => Promise<T>;

export async function askRunner<T>(
  sandbox: SandboxPort,
  { bootToken, runtimeId }: RunnerAddress,
  question: { deadlineMs: number; ask(runner: RunnerWorkspaceApi): Promise<T> },
): Promise<T> {
  const headers = new Headers({ authorization: `Bearer ${bootToken}`, upgrade: "websocket" });
  if (runtimeId !== undefined) headers.set(RUNTIME_HEADER, runtimeId);
  const request = new Request(`http://runner${RUNNER_PATHS.workspace}`, { headers });
  const socket = await connect(sandbox, request).catch((error: unknown) => {
    throw runtimeId === undefined ? error : new FencedError();
  });
  const stub = newWebSocketRpcSession<RunnerWorkspaceApi>(socket);
  try {
    return await withDeadline(question.ask(stub), question.deadlineMs);
  } finally {
    stub[Symbol.dispose]();
  }
}

async function connect(sandbox: SandboxPort, request: Request): Promise<WebSocket> {
  const response = await withDeadline(sandbox.fetch(request), CONNECT_DEADLINE_MS);
  const socket = response.webSocket;
  if (socket === null) throw new Error(`the runner answered ${response.status} instead of a WebSocket`);
  socket.accept();
  return socket;
}
