// The process sandboxes' HTTP service, as the Workspace object calls it: one resource per workspace, a bearer token on all.
import { createHash, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { z } from "zod";
import { AppError, type Failure, toFailure } from "../../src/shared/errors/app-error.ts";
import { ERROR_MAP } from "../../src/shared/errors/error-maps.ts";
import { uuidSchema } from "../../src/shared/ids.ts";
import type { RunnerProcesses } from "./runner-processes.ts";

const MAX_BODY_BYTES = 64 * 1024;

const startRunnerSchema = z.object({
  boot_token: z.string().min(16).max(4096),
  edge_url: z.url({ protocol: /^https?$/ }),
  env: z.record(z.string().regex(/^[A-Z][A-Z0-9_]{0,63}$/), z.string().max(4096)).default({}),
});

type Reply = { status: number; body: unknown };

export function createSupervisorServer(options: { token: string; runners: RunnerProcesses }): Server {
  return createServer((request, response) => {
    answerRequest(request, options).then(
      (reply) => send(response, reply),
      (error: unknown) => send(response, toReply(error)),
    );
  });
}

async function answerRequest(
  request: IncomingMessage,
  { token, runners }: { token: string; runners: RunnerProcesses },
): Promise<Reply> {
  if (!isAuthorised(request.headers.authorization, token)) {
    throw new AppError("unauthenticated", "The sandbox supervisor needs its bearer token.");
  }
  const url = new URL(request.url ?? "/", "http://supervisor.invalid");
  if (url.pathname === "/health" && request.method === "GET") return { status: 200, body: { ok: true } };
  const workspaceId = /^\/sandboxes\/([^/]+)$/.exec(url.pathname)?.[1];
  if (workspaceId === undefined) throw new AppError("not_found", "The sandbox supervisor has no such address.");
  if (!uuidSchema.safeParse(workspaceId).success) {
    throw new AppError("invalid_argument", "A workspace id is a lower-case UUID.");
  }
  return answerSandbox(request, workspaceId, { runners, erase: url.searchParams.get("erase") === "true" });
}

async function answerSandbox(
  request: IncomingMessage,
  workspaceId: string,
  { runners, erase }: { runners: RunnerProcesses; erase: boolean },
): Promise<Reply> {
  if (request.method === "GET") {
    const found = runners.find(workspaceId);
    return { status: 200, body: found === null ? { running: false } : { running: true, ...found } };
  }
  if (request.method === "PUT") {
    return { status: 200, body: await runners.ensure(workspaceId, parseStart(await readBody(request))) };
  }
  if (request.method !== "DELETE") throw new AppError("invalid_argument", "A sandbox answers GET, PUT and DELETE.");
  await runners.end(workspaceId, { erase });
  return { status: 200, body: { running: false } };
}

function parseStart(text: string): z.infer<typeof startRunnerSchema> {
  try {
    return startRunnerSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new AppError("invalid_argument", "The body must be {boot_token, edge_url, env?} as JSON.", { cause });
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new AppError("request_too_large", "The body is larger than 64 KB.");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function isAuthorised(header: string | undefined, token: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(header ?? ""), digest(`Bearer ${token}`));
}

function toReply(error: unknown): Reply {
  const eventId = crypto.randomUUID();
  const failure: Failure = toFailure(error, eventId);
  if (failure.code === "internal") console.error(JSON.stringify({ event_id: eventId, code: failure.code }), error);
  return { status: ERROR_MAP[failure.code].http, body: { error: failure } };
}

function send(response: ServerResponse, reply: Reply): void {
  response.writeHead(reply.status, { "content-type": "application/json" });
  response.end(JSON.stringify(reply.body));
}
