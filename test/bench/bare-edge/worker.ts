// The bare edge: the same tools registered with createMcpHandler, behind the same OAuth provider, with constant answers.
import { getOAuthApi, OAuthProvider, type OAuthProviderOptions } from "@cloudflare/workers-oauth-provider";
import { type CallToolResult, McpServer } from "@modelcontextprotocol/server";
import { createMcpHandler } from "agents/mcp/server";
import { providerOptions } from "../../../src/worker/auth/provider-options.ts";
import type { Tool } from "../../../src/worker/mcp/define-tool.ts";
import { TOOLS } from "../../../src/worker/mcp/registry.ts";
import { DEFAULT_TOOLSETS } from "../../../src/worker/mcp/toolsets.ts";

type BareEnv = Env & { GET_SESSION_ANSWER: string };

/** `zod`: as the SDK's README registers tools. `ready`: JSON made once, arguments unchecked; the hardest to keep up with. */
type SchemaForm = "zod" | "ready";

const SHOWN = TOOLS.filter((tool) => DEFAULT_TOOLSETS.includes(tool.toolset));

let provider: OAuthProvider<Env> | null = null;

export default {
  async fetch(request: Request, env: BareEnv, context: ExecutionContext): Promise<Response> {
    provider ??= createProvider(env);
    return provider.fetch(request, env, context);
  },
};

function createProvider(env: BareEnv): OAuthProvider<Env> {
  const structuredContent = JSON.parse(atob(env.GET_SESSION_ANSWER)) as Record<string, unknown>;
  const answer = (): CallToolResult => ({
    content: [{ type: "text", text: JSON.stringify(structuredContent) }],
    structuredContent,
  });
  const handlers = { zod: createHandler("zod", answer), ready: createHandler("ready", answer) };
  const options: OAuthProviderOptions<Env> = providerOptions({
    publicUrl: env.PUBLIC_URL,
    resourceUrl: `${env.PUBLIC_URL}/mcp`,
    clientIdMetadata: true,
    logger: { log: () => undefined, logUnexpected: () => "" },
    apiHandler: {
      fetch: (request, bindings, context) => {
        const form: SchemaForm = request.url.endsWith("?schemas=ready") ? "ready" : "zod";
        return Promise.resolve(handlers[form](request, bindings, context));
      },
    },
    defaultHandler: { fetch: (request, bindings) => answerOpenly(request, () => getOAuthApi(options, bindings)) },
  });
  return new OAuthProvider<Env>(options);
}

function createHandler(form: SchemaForm, answer: () => CallToolResult) {
  const makeServer = () => {
    const server = new McpServer({ name: "bare", version: "1.0.0" });
    for (const tool of SHOWN) {
      const { name, title, description, annotations } = tool;
      server.registerTool(name, { title, description, annotations, ...schemas(tool, form) }, answer);
    }
    return server;
  };
  return createMcpHandler(makeServer, { allowedOriginHostnames: "*", corsOptions: false });
}

type Schema = ReturnType<typeof ready>;

function schemas(tool: Tool, form: SchemaForm): { inputSchema: Schema; outputSchema: Schema } {
  // A zod schema is one of the forms that registerTool takes; which of its overloads holds is decided at run time.
  const asSchema = (schema: unknown): Schema => schema as Schema;
  if (form === "zod") return { inputSchema: asSchema(tool.input), outputSchema: asSchema(tool.output) };
  return { inputSchema: ready(tool.inputJson), outputSchema: ready(tool.outputJson) };
}

function ready(json: Tool["inputJson"]) {
  return {
    "~standard": {
      version: 1 as const,
      vendor: "bench",
      validate: (value: unknown) => ({ value }),
      jsonSchema: { input: () => json, output: () => json },
    },
  };
}

/** Whoever asks is signed in: the page is there for the client's flow alone. */
async function answerOpenly(request: Request, oauth: () => ReturnType<typeof getOAuthApi>): Promise<Response> {
  const url = new URL(request.url);
  if (url.pathname === "/health") return new Response("ok");
  if (url.pathname !== "/authorize") return new Response("not found", { status: 404 });
  if (request.method === "GET") {
    const page = `<form method="post" action="${url.search.replaceAll("&", "&amp;")}"><button>Go</button></form>`;
    return new Response(page, { headers: { "content-type": "text/html" } });
  }
  const authRequest = await oauth().parseAuthRequest(new Request(request.url));
  const { redirectTo } = await oauth().completeAuthorization({
    request: authRequest,
    userId: "0198c7a0-0000-7000-8000-000000000001",
    metadata: null,
    scope: authRequest.scope,
    props: { userId: "0198c7a0-0000-7000-8000-000000000001" },
  });
  return Response.redirect(redirectTo, 302);
}
