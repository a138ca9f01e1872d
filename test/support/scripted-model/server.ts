// The scripted model: an HTTP server that stands in for Anthropic's Messages API, driven by scenarios.
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { claimedUsage, completeAnswer, streamAnswer } from "./answer.ts";
import { findPosition, type ModelRequest, modelRequestSchema, type Position } from "./conversation.ts";
import { answerByDefault } from "./default-scenario.ts";
import { createGates } from "./gates.ts";
import { createRequestLog, type RecordedRequest } from "./request-log.ts";
import { type Action, readEmbeddedScenario, type Scenario, type Step } from "./scenario.ts";

const MAX_BODY_BYTES = 64 * 1024 * 1024;
const MAX_COUNTERS = 10_000;

export type ScriptedModel = {
  url: string;
  port: number;
  /** The newest requests, oldest first. */
  readonly requests: readonly RecordedRequest[];
  /** Replaces all scenarios. */
  setScenarios(scenarios: Scenario[]): void;
  /** Adds scenarios before those that are there. */
  addScenarios(...scenarios: Scenario[]): void;
  /** Lets everything pass that waits, or will wait, at the gate. */
  release(gate: string): void;
  /** Resolves once a request waits at the gate. */
  reached(gate: string): Promise<void>;
  close(): Promise<void>;
};

export type ScriptedModelOptions = { port?: number; host?: string; scenarios?: Scenario[] };

export async function startScriptedModel(options: ScriptedModelOptions = {}): Promise<ScriptedModel> {
  let scenarios = [...(options.scenarios ?? [])];
  const gates = createGates();
  const log = createRequestLog();
  const countTimes = createCounters();

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? "/").split("?")[0];
    if (request.method === "HEAD") return void response.writeHead(200).end();
    if (request.method !== "POST") return sendError(response, { status: 404, message: "Not found" });
    const body = await readBody(request);
    const record = log.add(request, body);
    if (path === "/control/release") {
      gates.release(String((record.body as { gate?: unknown } | null)?.gate));
      return void response.writeHead(204).end();
    }
    const parsed = modelRequestSchema.safeParse(record.body);
    if (!parsed.success) return sendError(response, { status: 400, message: "The request is not a Messages request" });
    if (path === "/v1/messages/count_tokens") return sendJson(response, { input_tokens: countTokens(body) });
    if (path !== "/v1/messages") return sendError(response, { status: 404, message: "Not found" });
    await answer(response, parsed.data, countTokens(body));
  }

  async function answer(response: ServerResponse, request: ModelRequest, inputTokens: number): Promise<void> {
    const position = findPosition(request);
    const step = chooseStep(scenarios, request, position);
    const key = `${position.prompt}\0${String(position.isFollowUp)}\0${position.step}`;
    const error = step.find((action) => action.type === "error");
    if (error !== undefined && countTimes(`error\0${key}`) <= (error.times ?? Infinity)) {
      return sendError(response, error);
    }
    const cut = step.find((action) => action.type === "cut");
    const isCut = cut !== undefined && countTimes(`cut\0${key}`) <= (cut.times ?? 1);
    const context = {
      model: request.model,
      inputTokens: claimedUsage(step).input_tokens ?? inputTokens,
      claimed: claimedUsage(step),
      cutAfterDeltas: isCut ? cut.after_deltas : null,
      waitAtGate: (gate: string) => gates.wait(gate, response),
    };
    if (request.stream === true) return streamAnswer(response, step, context);
    sendJson(response, await completeAnswer(step, context));
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else sendError(response, { status: 500, message: `The scripted model failed: ${String(error)}` });
    });
  });
  server.listen(options.port ?? 0, options.host ?? "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${options.host ?? "127.0.0.1"}:${port}`,
    port,
    requests: log.requests,
    setScenarios: (next) => void (scenarios = [...next]),
    addScenarios: (...more) => void (scenarios = [...more, ...scenarios]),
    release: gates.release,
    reached: gates.reached,
    close: () => closeServer(server, gates.releaseAll),
  };
}

function chooseStep(scenarios: Scenario[], request: ModelRequest, position: Position): Step {
  const scenario =
    readEmbeddedScenario(position.prompt) ??
    scenarios.find(({ match }) =>
      typeof match === "string" ? position.prompt.includes(match) : match.test(position.prompt),
    );
  if (scenario === undefined) return answerByDefault(request, position);
  const steps = position.isFollowUp ? scenario.follow_up : scenario.steps;
  if (steps === undefined) return answerByDefault(request, position);
  return steps[position.step] ?? [{ type: "text", text: "The scenario has no more steps." }];
}

function createCounters() {
  const counters = new Map<string, number>();
  return (key: string): number => {
    const times = (counters.get(key) ?? 0) + 1;
    if (counters.size > MAX_COUNTERS) counters.clear();
    counters.set(key, times);
    return times;
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new Error(`the body is larger than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function countTokens(body: string): number {
  return Math.ceil(body.length / 4);
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
}

const ERROR_TYPES: Record<number, string> = {
  400: "invalid_request_error",
  401: "authentication_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  529: "overloaded_error",
};

function sendError(response: ServerResponse, error: Partial<Extract<Action, { type: "error" }>>): void {
  const status = error.status ?? 500;
  const type = ERROR_TYPES[status] ?? "api_error";
  const retryAfter =
    error.retry_after_seconds === undefined ? {} : { "retry-after": String(error.retry_after_seconds) };
  response.writeHead(status, { "content-type": "application/json", ...retryAfter });
  response.end(JSON.stringify({ type: "error", error: { type, message: error.message ?? `Scripted ${status}` } }));
}

async function closeServer(server: ReturnType<typeof createServer>, releaseAll: () => void): Promise<void> {
  releaseAll();
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}
