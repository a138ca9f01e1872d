// Asks the client's person in the middle of a tool call: the answer is a form, and the client calls again with it filled in.
import {
  CLIENT_CAPABILITIES_META_KEY,
  type ClientCapabilities,
  createRequestStateCodec,
  inputRequired,
  inputResponse,
  type InputRequiredResult,
  type RequestStateCodec,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { z } from "zod";
import { AppError } from "../../shared/errors/app-error.ts";
import { makeConsentForm, readConsentForm } from "./consent-form.ts";
import type { Tool, ToolAnswer } from "./define-tool.ts";
import type { ToolContext } from "./tool-context.ts";

const KEY = "permission";
/** As long as a request can wait for a person. */
const TTL_SECONDS = 60 * 60;

/** Between two rounds: signed, so that only what was asked can be answered, by whom it was asked. */
const roundSchema = z.object({
  user_id: z.string(),
  tool: z.string(),
  session_id: z.string(),
  request_id: z.string(),
  /** What the tool had answered. */
  before: z.record(z.string(), z.unknown()),
});
export type Round = z.infer<typeof roundSchema>;

export type ConsentRounds = {
  codec: RequestStateCodec<Round>;
  /** The tool's answer, or the form that comes before it. */
  run(tool: Tool, args: unknown, call: ConsentCall): Promise<ToolAnswer | InputRequiredResult>;
};
export type ConsentCall = {
  context: ToolContext;
  request: ServerContext["mcpReq"];
  /** Whether the token may do more than look: an answer lets tools run. */
  mayWrite: boolean;
};

export function createConsentRounds(secret: string): ConsentRounds {
  const codec = createRequestStateCodec<Round>({ key: `consent rounds ${secret}`, ttlSeconds: TTL_SECONDS });
  return {
    codec,
    async run(tool, args, call) {
      const { resume } = tool;
      if (resume === null) return tool.call(args, call.context);
      const round = readRound(tool, call);
      const isLeft = round !== null && (await takeAnswer(round, call)) === "left";
      const answer =
        round === null ? await tool.call(args, call.context) : await resume(args, round.before, call.context);
      // Who closed the form without a word is not asked again at once.
      const form = isLeft ? null : await askNext(codec, tool, { answer, call });
      return form ?? answer;
    },
  };
}

/** Null for the first call, and for one whose state is of somebody or something else. */
function readRound(tool: Tool, { context, request, mayWrite }: ConsentCall): Round | null {
  const parsed = roundSchema.safeParse(request.requestState());
  if (!parsed.success || !mayWrite) return null;
  return parsed.data.user_id === context.principal.user_id && parsed.data.tool === tool.name ? parsed.data : null;
}

async function takeAnswer(
  { session_id, request_id }: Round,
  { context, request }: ConsentCall,
): Promise<"taken" | "left"> {
  const response = inputResponse(request.inputResponses, KEY);
  if (response.kind !== "elicit" || response.action === "cancel") return "left";
  const { permissions } = context.services;
  const { clientId: client_id } = context;
  try {
    const asked = await permissions.get(context.principal, session_id, request_id);
    const isDeclined = response.action === "decline";
    const answer = isDeclined ? { decision: "deny" as const } : readConsentForm(asked, response.content ?? {});
    if (answer === null) return "left";
    await permissions.answer(context.principal, { session_id, request_id, answer, way: "elicitation", client_id });
  } catch (error) {
    // It was settled meanwhile, or the form was not filled in as asked: what came of it shows in the answer.
    if (!(error instanceof AppError)) throw error;
    return "left";
  }
  return "taken";
}

const pendingSchema = z.object({
  session_id: z.string(),
  pending_permissions: z.array(z.object({ request_id: z.string(), consent_url: z.string() })),
});

type Asking = { answer: ToolAnswer; call: ConsentCall };

/** The form for the first request that can be asked about in a form; null where there is none, or the client shows none. */
async function askNext(
  codec: RequestStateCodec<Round>,
  tool: Tool,
  { answer, call: { context, request, mayWrite } }: Asking,
): Promise<InputRequiredResult | null> {
  const shown = pendingSchema.safeParse(answer.structured);
  if (!shown.success || !mayWrite || !showsForms(request)) return null;
  const { session_id, pending_permissions } = shown.data;
  const { user_id } = context.principal;
  for (const { request_id, consent_url } of pending_permissions) {
    const asked = await context.services.permissions.get(context.principal, session_id, request_id);
    const form = asked.settled === null ? makeConsentForm(asked, consent_url) : null;
    if (form === null) continue;
    const { events: _, result: __, pending_permissions: ___, ...before } = answer.structured;
    const requestState = await codec.mint({ user_id, tool: tool.name, session_id, request_id, before });
    return inputRequired({ inputRequests: { [KEY]: inputRequired.elicit({ mode: "form", ...form }) }, requestState });
  }
  return null;
}

/** A client says with each request what it can do; one of before 2026 says it to nobody here. */
function showsForms({ envelope }: ServerContext["mcpReq"]): boolean {
  const meta = (envelope ?? {}) as Record<string, ClientCapabilities | undefined>;
  const { elicitation } = meta[CLIENT_CAPABILITIES_META_KEY] ?? {};
  if (elicitation === undefined) return false;
  return "form" in elicitation || !("url" in elicitation);
}
