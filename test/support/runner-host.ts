// A Session object's side of the link, for tests: dials a runner, stores what it appends, and misbehaves on request.
import { newWebSocketRpcSession, type RpcStub, RpcTarget } from "capnweb";
import { type ChildProcess, spawn } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { WebSocket } from "ws";
import { z } from "zod";
import {
  type AssertExtends,
  EDGE_PATHS,
  RUNNER_PATHS,
  GREETING_PROTOCOL_VERSION,
  RUNTIME_HEADER,
} from "../../src/shared/rpc/protocol.ts";
import type { RunnerSessionApi, SessionHello, TurnStart } from "../../src/shared/rpc/runner-session-api.ts";
import type { RunnerWorkspaceApi } from "../../src/shared/rpc/runner-workspace-api.ts";
import { type EntryBatch, entryBatchSchema, type RunnerEntry } from "../../src/shared/rpc/runner-entry.ts";
import type {
  BodyPart,
  AttachmentRead,
  BodyRead,
  PermissionDecision,
  PermissionQuestion,
  Preview,
  RunTokenGrant,
  RunTokenRequest,
  SessionHostApi,
  TranscriptCommit,
} from "../../src/shared/rpc/session-host-api.ts";

const MAIN = new URL("../../src/container/main.ts", import.meta.url).pathname;

export type RunnerProcess = {
  child: ChildProcess;
  /** Where it listens. */
  host: string;
  port: number;
  bootToken: string;
  workspaceId: string;
  workspaceDir: string;
  stateDir: string;
  /** Everything it printed to stderr. */
  stderr(): string;
  exited: Promise<{ exitCode: number | null; signal: NodeJS.Signals | null }>;
  stop(): Promise<void>;
};

export type RunnerOptions = {
  edgeUrl: string;
  folder?: string;
  environment?: Record<string, string>;
  /** A program to run in place of src/container/main.ts. */
  main?: string;
};

/** Starts the real runner as a process. */
export async function startRunner(options: RunnerOptions): Promise<RunnerProcess> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), "berth-runner-"));
  const bootToken = `boot-${randomUUID()}`;
  const workspaceId = randomUUID();
  const workspaceDir = join(folder, "workspace");
  const stateDir = join(folder, "state");
  const child = spawn(process.execPath, [options.main ?? MAIN], {
    env: {
      PATH: process.env["PATH"],
      BERTH_BOOT_TOKEN: bootToken,
      BERTH_EDGE_URL: options.edgeUrl,
      BERTH_WORKSPACE_ID: workspaceId,
      BERTH_WORKSPACE_DIR: workspaceDir,
      BERTH_STATE_DIR: stateDir,
      BERTH_HOST: "127.0.0.1",
      PORT: "0",
      ...options.environment,
    } as unknown as NodeJS.ProcessEnv,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const exited = new Promise<{ exitCode: number | null; signal: NodeJS.Signals | null }>((resolve) =>
    child.on("exit", (exitCode, signal) => resolve({ exitCode, signal })),
  );
  const port = await new Promise<number>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      const parsed: unknown = JSON.parse(line);
      resolve((parsed as { listening: number }).listening);
    });
    void exited.then(() => reject(new Error(`The runner did not start: ${stderr}`)));
  });
  async function stop(): Promise<void> {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
    await exited;
  }
  return {
    child,
    host: "127.0.0.1",
    port,
    bootToken,
    workspaceId,
    workspaceDir,
    stateDir,
    stderr: () => stderr,
    exited,
    stop,
  };
}

/** What the object would do; tests replace single answers. */
export type HostBehaviour = {
  decidePermission: (question: PermissionQuestion) => Promise<PermissionDecision>;
  renewRunToken: (request: RunTokenRequest) => Promise<RunTokenGrant>;
  readAttachment?: (read: AttachmentRead) => Promise<{ bytes: Uint8Array | null }>;
  append?: (batch: EntryBatch) => Promise<{ acknowledged_source_seq: number }>;
};

/** What it takes to reach a runner, wherever it runs. */
export type RunnerAddress = Pick<RunnerProcess, "host" | "port" | "bootToken">;

export type ConnectOptions = {
  previews?: boolean;
  protocolVersion?: number;
  /** What the hello claims to hold; what the host holds when absent. */
  acknowledged?: { runtimeId: string; sourceSeq: number };
};

const cliMessageSchema = z.looseObject({
  type: z.string(),
  subtype: z.string().optional(),
  message: z.looseObject({ content: z.unknown() }).optional(),
});

/** A message of Claude Code as far as tests look into it. */
export function readCliMessage(message: unknown): z.infer<typeof cliMessageSchema> {
  return cliMessageSchema.parse(message);
}

/** A session as its object keeps it: survives connections, holds what was stored. */
export function createTestHost(runner: RunnerAddress, behaviour: Partial<HostBehaviour> = {}) {
  const sessionId = randomUUID();
  const entries: RunnerEntry[] = [];
  const previews: Preview[] = [];
  const questions: PermissionQuestion[] = [];
  const commits: TranscriptCommit[] = [];
  const bodies = new Map<string, Buffer>();
  const batches: number[] = [];
  const watchers = new Set<() => void>();
  let runtimeId: string | null = null;
  let connection: { socket: WebSocket; runner: RpcStub<RunnerSessionApi> } | null = null;
  const notify = () => watchers.forEach((watch) => watch());

  class Host extends RpcTarget implements SessionHostApi {
    async append(batch: EntryBatch) {
      if (behaviour.append !== undefined) return behaviour.append(batch);
      const parsed = entryBatchSchema.parse(batch);
      batches.push(parsed.entries.length);
      for (const entry of parsed.entries) {
        const last = entries.at(-1)?.source_seq ?? 0;
        if (entry.source_seq > last + 1) throw new Error(`a gap: ${last} then ${entry.source_seq}`);
        if (entry.source_seq === last + 1) entries.push(entry);
      }
      notify();
      return { acknowledged_source_seq: entries.at(-1)?.source_seq ?? 0 };
    }
    async putBodyPart(part: BodyPart) {
      const body = bodies.get(part.sha256) ?? Buffer.alloc(part.total_bytes);
      body.set(part.bytes, part.offset);
      bodies.set(part.sha256, body);
      const isLast = part.offset + part.bytes.length === part.total_bytes;
      if (isLast && createHash("sha256").update(body).digest("hex") !== part.sha256) throw new Error("wrong hash");
      return { stored: isLast };
    }
    async commitTranscript(commit: TranscriptCommit) {
      for (const { segments } of commit.files) {
        for (const { sha256 } of segments) if (!bodies.has(sha256)) throw new Error("a piece is not stored");
      }
      commits.push(commit);
      notify();
      return { transcript_version: commits.length };
    }
    async readBody({ sha256, offset, bytes }: BodyRead) {
      return { bytes: new Uint8Array(bodies.get(sha256)?.subarray(offset, offset + bytes) ?? []) };
    }
    async readAttachment(read: AttachmentRead) {
      return behaviour.readAttachment?.(read) ?? { bytes: null };
    }
    async preview(preview: Preview) {
      previews.push(preview);
      notify();
    }
    async decidePermission(question: PermissionQuestion) {
      questions.push(question);
      notify();
      return behaviour.decidePermission?.(question) ?? { behavior: "no_rule" as const };
    }
    async renewRunToken(request: RunTokenRequest) {
      return behaviour.renewRunToken?.(request) ?? grantToken();
    }
  }
  type _HostIsTheContract = AssertExtends<Host, SessionHostApi>;

  async function connect(options: ConnectOptions = {}): Promise<SessionHello> {
    const socket = await dial(runner, RUNNER_PATHS.session(sessionId));
    const stub = newWebSocketRpcSession<RunnerSessionApi>(socket as unknown as globalThis.WebSocket, new Host());
    const hello = await stub.hello({
      protocol_version: options.protocolVersion ?? GREETING_PROTOCOL_VERSION,
      session_id: sessionId,
      acknowledged_runtime_id: options.acknowledged?.runtimeId ?? runtimeId,
      acknowledged_source_seq: options.acknowledged?.sourceSeq ?? entries.at(-1)?.source_seq ?? 0,
      previews: options.previews ?? false,
    });
    runtimeId = hello.runtime_id;
    connection = { socket, runner: stub };
    return hello;
  }

  async function until<T>(find: () => T | undefined, what: string, timeoutMs = 20_000): Promise<T> {
    const found = find();
    if (found !== undefined) return found;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        watchers.delete(watch);
        reject(new Error(`${what} did not happen; entries: ${JSON.stringify(entries).slice(-4000)}`));
      }, timeoutMs);
      const watch = () => {
        const value = find();
        if (value === undefined) return;
        clearTimeout(timer);
        watchers.delete(watch);
        resolve(value);
      };
      watchers.add(watch);
    });
  }

  const ofKind = <Kind extends RunnerEntry["kind"]>(kind: Kind) =>
    entries.filter((entry): entry is Extract<RunnerEntry, { kind: Kind }> => entry.kind === kind);

  return {
    sessionId,
    entries,
    previews,
    questions,
    commits,
    bodies,
    batches,
    behaviour,
    connect,
    until,
    ofKind,
    runner: () => {
      if (connection === null) throw new Error("connect() first");
      return connection.runner;
    },
    /** Cuts the connection as a lost network does. */
    cut: () => connection?.socket.terminate(),
    socket: () => connection?.socket,
    turnEnded: (turnId: string, timeoutMs?: number) =>
      until(() => ofKind("turn_ended").find((entry) => entry.turn_id === turnId), `the end of ${turnId}`, timeoutMs),
    /** The messages of Claude Code in the log. */
    messages: () => ofKind("message").map((entry) => readCliMessage(entry.message)),
  };
}
export type TestHost = ReturnType<typeof createTestHost>;

/** The Workspace object's side. */
export async function connectWorkspace(runner: RunnerAddress): Promise<RpcStub<RunnerWorkspaceApi>> {
  const socket = await dial(runner, RUNNER_PATHS.workspace);
  return newWebSocketRpcSession<RunnerWorkspaceApi>(socket as unknown as globalThis.WebSocket);
}

/** Opens a WebSocket to the runner; rejects with the HTTP status when it refuses. */
export function dial(
  runner: RunnerAddress,
  path: string,
  { token = runner.bootToken, runtimeId }: { token?: string; runtimeId?: string } = {},
): Promise<WebSocket> {
  const meant = runtimeId === undefined ? {} : { [RUNTIME_HEADER]: runtimeId };
  const socket = new WebSocket(`ws://${runner.host}:${runner.port}${path}`, {
    headers: { authorization: `Bearer ${token}`, ...meant },
    perMessageDeflate: false,
  });
  return new Promise((resolve, reject) => {
    socket.on("open", () => resolve(socket));
    socket.on("unexpected-response", (_request, response) => reject(new Error(`HTTP ${response.statusCode}`)));
    socket.on("error", reject);
  });
}

let tokens = 0;
/** A run token that the test edge takes. */
export function grantToken(ttlSeconds = 900): RunTokenGrant {
  tokens += 1;
  return { token: `run-token-${tokens}-${randomUUID()}`, expires_at: Math.floor(Date.now() / 1000) + ttlSeconds };
}

export function makeTurn(prompt: string, claudeSessionId: string, more: Partial<TurnStart> = {}): TurnStart {
  return {
    turn_id: randomUUID(),
    prompt,
    claude_session_id: claudeSessionId,
    model: null,
    permission_mode: "acceptEdits",
    allow_bypass: false,
    max_turns: null,
    max_budget_usd: null,
    timeout_seconds: 60,
    silence_seconds: 600,
    spent_usd: 0,
    run_token: grantToken(),
    transcript: null,
    forked_from_claude_session_id: null,
    ...more,
  };
}

const wakeSchema = z.strictObject({ workspace_id: z.string(), runtime_id: z.string(), session_id: z.string() });

export type TestEdge = {
  url: string;
  /** What came to POST /runner/wake, with its Authorization header. */
  wakes: { body: z.infer<typeof wakeSchema>; authorization: string | undefined }[];
  /** Tokens that came with model requests, newest last. */
  tokens: string[];
  /** Answers what comes to the way to MCP servers. */
  mcpProxy: ((request: IncomingMessage, body: Buffer, response: ServerResponse) => void) | null;
  /** Answers 401 while it says no. */
  accepts: (token: string) => boolean;
  close(): Promise<void>;
};

/** The edge as the sandbox sees it: /model/* goes on to a scripted model, /runner/wake is noted. */
export async function startTestEdge(modelUrl: string, host = "127.0.0.1"): Promise<TestEdge> {
  const edge: Omit<TestEdge, "url" | "close"> = { wakes: [], tokens: [], accepts: () => true, mcpProxy: null };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      if (request.url === EDGE_PATHS.wake) {
        edge.wakes.push({
          body: wakeSchema.parse(JSON.parse(body.toString())),
          authorization: request.headers.authorization,
        });
        return void response.writeHead(204).end();
      }
      if ((request.url ?? "").startsWith(`${EDGE_PATHS.mcpProxy}/`) && edge.mcpProxy !== null) {
        return edge.mcpProxy(request, body, response);
      }
      if (!(request.url ?? "").startsWith(`${EDGE_PATHS.model}/`)) return void response.writeHead(404).end();
      const token = String(request.headers["x-api-key"] ?? request.headers.authorization?.replace(/^Bearer /, ""));
      edge.tokens.push(token);
      if (!edge.accepts(token)) {
        const error = { type: "error", error: { type: "authentication_error", message: "The run token is refused." } };
        return void response.writeHead(401, { "content-type": "application/json" }).end(JSON.stringify(error));
      }
      const abort = new AbortController();
      response.on("close", () => abort.abort());
      fetch(modelUrl + (request.url ?? "").slice(EDGE_PATHS.model.length), {
        method: request.method ?? "POST",
        headers: { "content-type": "application/json" },
        ...(body.length === 0 ? {} : { body }),
        signal: abort.signal,
      })
        .then(async (answer) => {
          response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "text/plain" });
          for await (const chunk of answer.body ?? []) response.write(chunk);
          response.end();
        })
        .catch(() => response.destroy());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(edge, {
    url: `http://${host}:${port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}
