// /model/*: passes a sandbox's model requests on to the provider, with the key added, when its run token holds
// and the Session object lets it through. The answer streams through as it comes.
import { type AnswerUsage, estimateAnswer } from "../../shared/accounting/answer-usage.ts";
import { AppError, unwrap } from "../../shared/errors/app-error.ts";
import { MAX_MODEL_REQUEST_BYTES } from "../../shared/limits.ts";
import { EDGE_PATHS } from "../../shared/rpc/protocol.ts";
import type { SessionApi } from "../../shared/rpc/session-api.ts";
import { readRunTokenClaims, type RunTokenClaimsOf } from "../../shared/tokens/run-token.ts";
import { explainError } from "../http/json-error.ts";
import { readBody } from "../http/read-body.ts";
import type { Logger } from "../telemetry/logger.ts";
import { answerHeaders, requestHeaders } from "./header-policy.ts";
import { providerError } from "./provider-error.ts";
import { judgeModelRequest, type ModelRequest } from "./request-policy.ts";
import { type Metered, passAndMeter } from "./usage-meter.ts";

export type GatewayOptions = {
  modelBaseUrl: string;
  modelKey: string;
  requireModelKey: () => void;
  /** The signed claims, or null when the signature does not hold. */
  verifyToken: (token: string) => Promise<unknown>;
  session: (sessionId: string) => Pick<SessionApi, "beginModelRequest" | "renewModelRequest" | "finishModelRequest">;
  fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** What is written into one end comes out of the other, no faster than it is read. */
  newPipe: () => { readable: ReadableStream; writable: WritableStream };
  /** Keeps work going after the answer. */
  waitUntil: (work: Promise<unknown>) => void;
  nowMs: () => number;
  /** How often a request that is under way is renewed. */
  renewEveryMs: number;
  /** How long to wait before each further try to say that a request has ended. */
  finishAgainMs: readonly number[];
  logger: Logger;
};

/** The two questions that Claude Code asks of the provider, and nothing else. */
const COUNT_TOKENS_PATH = "/v1/messages/count_tokens";
const UPSTREAM_PATHS = ["/v1/messages", COUNT_TOKENS_PATH];

export function createModelGateway(options: GatewayOptions): (request: Request) => Promise<Response> {
  return async (request) => {
    try {
      return await pass(options, request);
    } catch (error) {
      return providerError(explainError(error, options.logger, "model"));
    }
  };
}

async function pass(options: GatewayOptions, request: Request): Promise<Response> {
  const started_at_ms = options.nowMs();
  const url = new URL(request.url);
  const path = url.pathname.slice(EDGE_PATHS.model.length);
  if (request.method === "HEAD" && (path === "" || path === "/")) return new Response(null, { status: 200 });
  const upstreamUrl = chooseUpstream(options.modelBaseUrl, request.method, path, url.search);
  const claims = await readClaims(options, request.headers);
  options.requireModelKey();
  const body = await readBody(request, MAX_MODEL_REQUEST_BYTES);
  const asked = judge(body);
  const session = options.session(claims.session_id);
  const { team_id, runtime_id } = claims;
  const isFree = path === COUNT_TOKENS_PATH;
  const cost = isFree ? {} : { prompt_bytes: body.length, max_output_tokens: asked.max_output_tokens };
  const question = { team_id, runtime_id, model: asked.model, ...cost };
  const guess = (characters: number): AnswerUsage | null =>
    isFree ? null : estimateAnswer({ model: asked.model, prompt_bytes: body.length, characters });
  const beginning = session.beginModelRequest(question);
  // It may have to wait for money: who does not stay that long still has to give back what was set aside.
  options.waitUntil(beginning.catch(() => null));
  const { request_id } = unwrap(await beginning);
  const ended = Promise.withResolvers<AnswerUsage | null>();
  const timing = {
    model: asked.model,
    started_at_ms,
    answered_at_ms: null as number | null,
    status: null as number | null,
  };
  // A Worker that dies in mid-answer says nothing: what is not renewed is soon counted no longer.
  const renewing = setInterval(
    () => void session.renewModelRequest(request_id).catch(() => null),
    options.renewEveryMs,
  );
  const finish = (usage: AnswerUsage | null): Promise<void> => {
    clearInterval(renewing);
    const told = { ...timing, ended_at_ms: options.nowMs() };
    return tellUntilHeard(options, () => session.finishModelRequest(request_id, usage, told));
  };
  options.waitUntil(
    ended.promise.then(finish).catch((error: unknown) => options.logger.logUnexpected("usage_lost", error, {})),
  );
  if (request.signal.aborted) {
    ended.resolve(null);
    throw new AppError("model_unavailable", "The request was given up before it began.");
  }
  try {
    const answer = await ask(options, request, { url: upstreamUrl, body });
    Object.assign(timing, { answered_at_ms: options.nowMs(), status: answer.status });
    return relay(options, answer, ({ usage, characters }) => {
      // One that was cut off before it said what it used has cost something all the same.
      ended.resolve(usage ?? (answer.ok ? guess(characters) : null));
    });
  } catch (error) {
    // The provider may be at work for somebody who did not wait.
    ended.resolve(request.signal.aborted ? guess(0) : null);
    throw error;
  }
}

/** What an answer cost must not be lost when the Session object is away for a moment. It counts each answer once. */
async function tellUntilHeard({ finishAgainMs }: GatewayOptions, tell: () => Promise<void>): Promise<void> {
  for (const pauseMs of finishAgainMs) {
    const isHeard = await tell().then(
      () => true,
      () => false,
    );
    if (isHeard) return;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  await tell();
}

function chooseUpstream(baseUrl: string, method: string, path: string, search: string): string {
  const isKnown = method === "POST" && UPSTREAM_PATHS.includes(path) && (search === "" || search === "?beta=true");
  if (!isKnown)
    throw new AppError("not_found", "The gateway passes POST /v1/messages and /v1/messages/count_tokens alone.");
  return `${baseUrl}${path}${search}`;
}

async function readClaims(options: GatewayOptions, headers: Headers): Promise<RunTokenClaimsOf<"model">> {
  const token = headers.get("x-api-key") ?? /^Bearer (\S+)$/i.exec(headers.get("authorization") ?? "")?.[1] ?? "";
  const read = readRunTokenClaims(await options.verifyToken(token), "model", options.nowMs());
  if (read.ok) return read.claims;
  throw new AppError("run_token_refused", "The run token is missing, not valid or expired. Ask for a fresh one.");
}

function judge(bytes: Uint8Array): ModelRequest {
  const verdict = judgeModelRequest(parseJson(bytes));
  if (verdict.ok) return verdict.request;
  throw new AppError("model_request_refused", verdict.reason);
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}

async function ask(
  options: GatewayOptions,
  request: Request,
  upstream: { url: string; body: Uint8Array<ArrayBuffer> },
): Promise<Response> {
  const headers = requestHeaders(request.headers, options.modelKey);
  try {
    const init = { method: "POST", headers, body: upstream.body, redirect: "manual" as const, signal: request.signal };
    return await options.fetch(upstream.url, init);
  } catch (cause) {
    throw new AppError("model_unavailable", "The model provider cannot be reached. Try again.", { cause });
  }
}

/** Hands the provider's answer on, errors included, and says what it used once its stream has ended or was cut. */
function relay(options: GatewayOptions, answer: Response, ended: (metered: Metered) => void): Response {
  if (answer.status >= 300 && answer.status < 400) {
    throw new AppError("model_unavailable", "The model provider answered with a redirect, which is not followed.");
  }
  const head = { status: answer.status, headers: answerHeaders(answer.headers) };
  if (answer.body === null) {
    ended({ usage: null, characters: 0 });
    return new Response(null, head);
  }
  const { readable, writable } = options.newPipe();
  const contentType = answer.headers.get("content-type") ?? "";
  options.waitUntil(passAndMeter(answer.body, writable, contentType).then(ended));
  return new Response(readable, head);
}
