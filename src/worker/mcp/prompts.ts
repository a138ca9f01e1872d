// The prompts of the protocol: listed, made and completed for whoever asks.
import { type GetPromptResult, type McpServer, ProtocolError, ProtocolErrorCode } from "@modelcontextprotocol/server";
import type { Principal } from "../../shared/teams/principal.ts";
import { explainError } from "../http/json-error.ts";
import type { MadePrompt, PromptService } from "../prompts/prompt-service.ts";
import type { Logger } from "../telemetry/logger.ts";
import { completeResource } from "./resource-completions.ts";
import { challengeFor } from "./scope-challenge.ts";

export type PromptOptions = {
  prompts: PromptService;
  principal: Principal | null;
  /** Those of the token. */
  scopes: readonly string[];
  logger: Logger;
};

/**
 * Asked for by their names, and not registered: people choose them, and the SDK's register would find `constructor`, which
 * every object has.
 */
export function registerPrompts(server: McpServer, options: PromptOptions): void {
  const { prompts, scopes } = options;
  challengePrompts(server, prompts);
  // A prompt's arguments are read by the prompt itself, with messages of its own.
  server.server.setRequestHandler("prompts/get", ({ params: { name, arguments: args } }) =>
    safely(options, async (principal) => toResult(await prompts.get(principal, name, args ?? {}))),
  );
  const mayReadCommands = scopes.includes("configuration:read");
  server.server.setRequestHandler("prompts/list", () =>
    safely(options, async (principal) => ({ prompts: await prompts.list(principal, mayReadCommands) })),
  );
  server.server.setRequestHandler("completion/complete", ({ params: { ref, argument, context } }) =>
    safely(options, async (principal) => {
      // Who may not look at projects is told nothing of them either.
      if (!scopes.includes("projects:read")) return complete([]);
      const wanted = { argument: argument.name, beginning: argument.value, given: context?.arguments ?? {} };
      return complete(
        ref.type === "ref/prompt"
          ? await prompts.complete(principal, ref.name, wanted)
          : await completeResource(prompts, principal, ref.uri, wanted),
      );
    }),
  );
}

/** Before anything is answered, and by the name alone. */
function challengePrompts(server: McpServer, { scopeOf }: Pick<PromptService, "scopeOf">): void {
  const ofOthers = server.resolveScopeChallenge;
  server.resolveScopeChallenge = (context) => {
    const { method, params } = context.request;
    return method === "prompts/get" ? challengeFor(scopeOf(String(params?.["name"])))(context) : ofOthers(context);
  };
}

function complete(values: string[]) {
  return { completion: { values, hasMore: false } };
}

function toResult({ description, text, file }: MadePrompt): GetPromptResult {
  const attached = file === null ? [] : [{ type: "resource" as const, resource: { ...file, mimeType: "text/plain" } }];
  const contents = [{ type: "text" as const, text }, ...attached];
  return {
    ...(description === null ? {} : { description }),
    messages: contents.map((content) => ({ role: "user" as const, content })),
  };
}

async function safely<T>({ principal, logger }: PromptOptions, work: (principal: Principal) => Promise<T>): Promise<T> {
  try {
    if (principal === null) throw new Error("Prompts are asked for by somebody");
    return await work(principal);
  } catch (error) {
    if (error instanceof ProtocolError) throw error;
    const failure = explainError(error, logger, "prompts");
    const code = failure.code === "internal" ? ProtocolErrorCode.InternalError : ProtocolErrorCode.InvalidParams;
    throw new ProtocolError(code, `${failure.code}: ${failure.message}`);
  }
}
