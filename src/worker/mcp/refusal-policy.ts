// Says in our words, before the SDK does in its own, why a message cannot be served: a tool or a resource that is not there.
import type { Exposure } from "./exposure.ts";
import { isResourceUri } from "./resources.ts";

const MAX_NAME_LENGTH = 64;

/** `all`: what every toolset together shows. Null for a message that may pass. */
export function explainRefusal(message: unknown, exposure: Exposure, all: Exposure): string | null {
  const { method, params } = (message ?? {}) as { method?: unknown; params?: unknown };
  const fields = isRecord(params) ? params : {};
  if (method === "tools/call") return explainCall(fields, exposure, all);
  if (method === "resources/read") return explainRead(fields["uri"]);
  if (method === "prompts/get") return explainPrompt(fields);
  return null;
}

function explainPrompt({ name, arguments: args }: Record<string, unknown>): string | null {
  if (typeof name !== "string") return "prompts/get needs the prompt's name in params.name; prompts/list shows them.";
  if (args !== undefined && !isRecord(args)) return "The arguments in params.arguments must be an object.";
  return null;
}

function explainCall(params: Record<string, unknown>, exposure: Exposure, all: Exposure): string | null {
  const { name, arguments: args } = params;
  if (typeof name !== "string") return "tools/call needs the tool's name in params.name; tools/list shows the tools.";
  if (all.tools.has(name) && !exposure.tools.has(name)) {
    return `The tool ${name} is not among those of this connection. Connect to /mcp?toolsets=all to have it.`;
  }
  if (!exposure.tools.has(name)) {
    return `There is no tool ${JSON.stringify(name.slice(0, MAX_NAME_LENGTH))}; tools/list shows the tools.`;
  }
  if (args !== undefined && !isRecord(args)) return "The arguments in params.arguments must be an object.";
  return null;
}

function explainRead(uri: unknown): string | null {
  const where = "resources/list and resources/templates/list show what there is.";
  if (typeof uri !== "string") return `resources/read needs the resource's URI in params.uri; ${where}`;
  return isResourceUri(uri) ? null : `There is no resource of this URI; ${where}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
