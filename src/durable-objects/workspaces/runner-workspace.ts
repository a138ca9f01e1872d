// Asks the runner about files and programs: one short connection a question.
import { newWebSocketRpcSession } from "capnweb";
import { RUNNER_PATHS } from "../../shared/rpc/protocol.ts";
import type { RunnerWorkspaceApi } from "../../shared/rpc/runner-workspace-api.ts";
import { withDeadline } from "../deadline.ts";
import type { SandboxPort } from "../sandboxes/sandbox-port.ts";

const CONNECT_DEADLINE_MS = 10_000;

export async function askRunner<T>(
  sandbox: SandboxPort,
  bootToken: string,
  question: { deadlineMs: number; ask(runner: RunnerWorkspaceApi): Promise<T> },
): Promise<T> {
  const headers = { authorization: `Bearer ${bootToken}`, upgrade: "websocket" };
  const request = new Request(`http://runner${RUNNER_PATHS.workspace}`, { headers });
  const response = await withDeadline(sandbox.fetch(request), CONNECT_DEADLINE_MS);
  const socket = response.webSocket;
  if (socket === null) throw new Error(`the runner answered ${response.status} instead of a WebSocket`);
  socket.accept();
  const stub = newWebSocketRpcSession<RunnerWorkspaceApi>(socket);
  try {
    return await withDeadline(question.ask(stub), question.deadlineMs);
  } finally {
    stub[Symbol.dispose]();
  }
}
