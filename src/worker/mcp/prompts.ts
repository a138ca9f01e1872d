// The prompts of the protocol: listed for whoever asks, registered for the one that a request names, and completed.
import {
  type GetPromptResult,
  type McpServer,
  ProtocolError,
  ProtocolErrorCode,
  type StandardSchemaWithJSON,
} from "@modelcontextprotocol/server";
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

/** `asked`: names of the prompts that the request asks for. */
export function registerPrompts(server: McpServer, asked: readonly string[], options: PromptOptions): void {
  const { prompts, scopes } = options;
  for (const name of asked) {
    const config = { scopeChallenge: challengeFor(prompts.scopeOf(name)), argsSchema: ANYTHING };
    server.registerPrompt(name, config, (args: Record<string, unknown>) =>
      safely(options, async (principal) => toResult(await prompts.get(principal, name, args))),
    );
  }
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

/** A prompt's arguments are read by the prompt itself, with messages of its own. */
const ANYTHING: StandardSchemaWithJSON<Record<string, unknown>> = {
  "~standard": {
    version: 1 as const,
    vendor: "berth",
    validate: (value: unknown) => ({ value: (value ?? {}) as Record<string, unknown> }),
    jsonSchema: { input: () => ({ type: "object" }), output: () => ({ type: "object" }) },
  },
};

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
