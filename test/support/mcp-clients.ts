// MCP clients of both eras for tests: signed in without a browser, each through its own library's OAuth and transport.
import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from "@modelcontextprotocol/client";
import { auth as legacyAuth } from "@modelcontextprotocol/sdk/client/auth.js";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { type RunAuth, signInHeadless } from "../../local/sign-in.ts";

export type Tokens = { access_token: string; refresh_token?: string | undefined };

export type ToolAnswer = {
  isError: boolean;
  /** The answer's structured content; an empty object when it has none. */
  structured: Record<string, unknown>;
  /** All text of the answer: what a model reads when something is wrong. */
  text: string;
};

export type ConnectedClient<Client> = {
  client: Client;
  callTool(name: string, args?: Record<string, unknown>, options?: CallOptions): Promise<ToolAnswer>;
  /** callTool, but an error answer is thrown and the structured content comes back. */
  callToolOrThrow(
    name: string,
    args?: Record<string, unknown>,
    options?: CallOptions,
  ): Promise<Record<string, unknown>>;
  close(): Promise<void>;
};

export type CallOptions = {
  onprogress?: (progress: { progress: number; total?: number | undefined; message?: string | undefined }) => void;
  timeout?: number;
  signal?: AbortSignal;
};

const CALL_TIMEOUT_MS = 60_000;

/** Discovery, registration, PKCE, consent page and tokens through the v2 library. `url`: the origin or the MCP URL. */
export async function signIn(url: string, signInCode: string): Promise<Tokens> {
  return (await signInHeadless(toMcpUrl(url).href, signInCode)).tokens;
}

/** The same through the v1 library. */
export async function signInLegacy(url: string, signInCode: string): Promise<Tokens> {
  const runAuth = legacyAuth as unknown as RunAuth;
  return (await signInHeadless(toMcpUrl(url).href, signInCode, runAuth)).tokens;
}

/** What a person does with a form that the client shows them. */
export type FillForm = (form: {
  message: string;
}) => { action: "accept"; content: Record<string, string> } | { action: "decline" | "cancel" };

/** A 2026-07-28 client. A query such as `?toolsets=all` on `url` is kept. With `fillForm` it says that it shows forms. */
export async function connectModern(
  url: string,
  tokens: Tokens,
  send: typeof fetch = fetch,
  fillForm: FillForm | null = null,
): Promise<ConnectedClient<ModernClient>> {
  // Pinned: without it the library speaks as a 2025 client.
  const versionNegotiation = { mode: { pin: "2026-07-28" } };
  const capabilities = fillForm === null ? {} : { elicitation: { form: {} } };
  const client = new ModernClient(
    { name: "berth-test-modern", version: "1.0.0" },
    { versionNegotiation, capabilities },
  );
  if (fillForm !== null) {
    client.setRequestHandler("elicitation/create", ({ params }) => fillForm({ message: params.message }));
  }
  const transport = { requestInit: { headers: bearer(tokens) }, fetch: send };
  await client.connect(new ModernTransport(toMcpUrl(url), transport));
  const call = (name: string, args: Record<string, unknown>, options: CallOptions) =>
    client.callTool({ name, arguments: args }, { timeout: CALL_TIMEOUT_MS, ...options });
  return wrap(client, call);
}

/** A 2025 client: `initialize`, then calls. */
export async function connectLegacy(url: string, tokens: Tokens): Promise<ConnectedClient<LegacyClient>> {
  const client = new LegacyClient({ name: "berth-test-legacy", version: "1.0.0" });
  await client.connect(new LegacyTransport(toMcpUrl(url), { requestInit: { headers: bearer(tokens) } }));
  const call = (name: string, args: Record<string, unknown>, options: CallOptions) =>
    client.callTool({ name, arguments: args }, undefined, { timeout: CALL_TIMEOUT_MS, ...options });
  return wrap(client, call);
}

type RawAnswer = { isError?: unknown; structuredContent?: unknown; content?: unknown };

function wrap<Client extends { close(): Promise<void> }>(
  client: Client,
  call: (name: string, args: Record<string, unknown>, options: CallOptions) => Promise<unknown>,
): ConnectedClient<Client> {
  const callTool: ConnectedClient<Client>["callTool"] = async (name, args = {}, options = {}) =>
    toToolAnswer((await call(name, args, options)) as RawAnswer);
  return {
    client,
    callTool,
    callToolOrThrow: async (name, args, options) => {
      const answer = await callTool(name, args, options);
      if (answer.isError) throw new Error(`${name} answered with an error: ${answer.text}`);
      return answer.structured;
    },
    close: () => client.close(),
  };
}

function toToolAnswer(raw: RawAnswer): ToolAnswer {
  const content = Array.isArray(raw.content) ? (raw.content as { text?: unknown }[]) : [];
  const texts = content.map((block) => block.text).filter((text) => typeof text === "string");
  return {
    isError: raw.isError === true,
    structured: (raw.structuredContent ?? {}) as Record<string, unknown>,
    text: texts.join("\n"),
  };
}

function bearer(tokens: Tokens): Record<string, string> {
  return { authorization: `Bearer ${tokens.access_token}` };
}

function toMcpUrl(url: string): URL {
  const parsed = new URL(url);
  if (parsed.pathname === "/") parsed.pathname = "/mcp";
  return parsed;
}
