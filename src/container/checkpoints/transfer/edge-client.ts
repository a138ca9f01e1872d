// One question to the edge: with a run token, its length, patience with what passes, and a fresh token after a 401.
import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { setTimeout as pause } from "node:timers/promises";
import { AppError } from "../../../shared/errors/app-error.ts";
import type { JobContext } from "../job-context.ts";

export type EdgeQuestion = {
  method: "PUT" | "GET";
  /** Below the edge's address. */
  path: string;
  access: "write" | "read";
  headers?: Record<string, string>;
  body?: readonly Uint8Array[];
};
export type EdgeAnswer = { status: number; body: Buffer };

/** Before each further try. */
const PAUSES_MS = [100, 300, 1000, 3000];
const SILENCE_MS = 30_000;
const MAX_SOCKETS = 8;

const agents = {
  http: new HttpAgent({ keepAlive: true, maxSockets: MAX_SOCKETS }),
  https: new HttpsAgent({ keepAlive: true, maxSockets: MAX_SOCKETS }),
};

/** Any answer but 401, 429 and 5xx. Throws `checkpoint_failed` once patience is at its end. */
export async function askEdge(
  context: Pick<JobContext, "edgeUrl" | "tokens" | "renewTokens">,
  question: EdgeQuestion,
): Promise<EdgeAnswer> {
  let renewed = false;
  for (let tries = 0; ;) {
    const token = context.tokens()[question.access];
    if (token === null) throw new AppError("checkpoint_failed", "This operation has no token for the stored packs.");
    const answer = await ask(context.edgeUrl, question, token);
    if (answer?.status === 401) {
      if (renewed) throw new AppError("checkpoint_failed", "The edge does not take this sandbox's token any more.");
      renewed = true;
      if (context.tokens()[question.access] === token) await context.renewTokens();
      continue;
    }
    if (answer !== null && answer.status !== 429 && answer.status < 500) return answer;
    const wait = PAUSES_MS[tries++];
    if (wait === undefined) throw failed(answer);
    await pause(wait * (0.75 + Math.random() / 2));
  }
}

function failed(answer: EdgeAnswer | null): AppError {
  const what = answer === null ? "could not be reached" : `answered ${answer.status} again and again`;
  return new AppError("checkpoint_failed", `The store for checkpoints ${what}. Nothing was changed; try again.`);
}

/** Null for whatever is no whole answer. */
function ask(edgeUrl: string, question: EdgeQuestion, token: string): Promise<EdgeAnswer | null> {
  const length = (question.body ?? []).reduce((sum, part) => sum + part.length, 0);
  const isSecure = edgeUrl.startsWith("https:");
  return new Promise((resolve) => {
    const request = (isSecure ? httpsRequest : httpRequest)(edgeUrl + question.path, {
      method: question.method,
      agent: isSecure ? agents.https : agents.http,
      timeout: SILENCE_MS,
      headers: {
        ...question.headers,
        authorization: `Bearer ${token}`,
        ...(question.body === undefined ? {} : { "content-length": String(length) }),
      },
      // An answer may come before the whole body has gone: a refusal, most often.
    });
    request.on("response", (response) => void readAnswer(response).then(resolve));
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(null));
    request.on("close", () => setImmediate(resolve, null));
    for (const part of question.body ?? []) request.write(part);
    request.end();
  });
}

function readAnswer(response: IncomingMessage): Promise<EdgeAnswer | null> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    response.on("data", (part: Buffer) => parts.push(part));
    response.on("end", () => resolve({ status: response.statusCode ?? 500, body: Buffer.concat(parts) }));
    response.on("error", () => resolve(null));
    response.on("close", () => resolve(null));
  });
}
