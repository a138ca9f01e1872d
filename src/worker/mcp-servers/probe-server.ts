// Tests a remote server for real: connects with the MCP client and asks for its tools.
import { Client, SSEClientTransport, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { AppError } from "../../shared/errors/app-error.ts";
import { type ServerProblem, shownTools } from "../../shared/mcp-servers/server-test.ts";
import type { GuardedFetch } from "../outbound/guarded-fetch.ts";
import { type FailureNote, toMcpFetch } from "./guarded-mcp-fetch.ts";
import { strikeOut } from "./hidden-values.ts";
import type { OpenServer } from "./open-server.ts";
import { SHORT_LIMITS } from "./outbound-limits.ts";

export type Probe = { ok: true; tools: string[] } | { ok: false; problem: ServerProblem; message: string };

export type ProbeServer = (type: "http" | "sse", server: OpenServer) => Promise<Probe>;

/** Of the whole test: no call is long. */
const DEADLINE_MS = 25_000;

export function createServerProbe(guarded: GuardedFetch, version: string): ProbeServer {
  return async (type, server) => {
    const note: FailureNote = { last: null };
    let status = 0;
    const send = toMcpFetch(guarded, SHORT_LIMITS, note);
    const watched: typeof send = async (input, init) => {
      const answer = await send(input, init);
      if (answer.status >= 400) status = answer.status;
      return answer;
    };
    const client = new Client({ name: "berth", version }, { versionNegotiation: { mode: "auto" } });
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      note.last = new AppError("address_unreachable", "The server did not answer in time.");
      late.reject(note.last);
    }, DEADLINE_MS);
    try {
      const options = { requestInit: { headers: server.headers }, fetch: watched };
      const url = new URL(server.url);
      const transport =
        type === "http" ? new StreamableHTTPClientTransport(url, options) : new SSEClientTransport(url, options);
      const asking = client.connect(transport, { timeout: DEADLINE_MS }).then(() => client.listTools());
      const { tools } = await Promise.race([asking, late.promise]);
      // A server knows the secrets that it was sent.
      return { ok: true, tools: shownTools(tools.map(({ name }) => strikeOut(name, server.hidden))) };
    } catch {
      return judge(note.last, status);
    } finally {
      clearTimeout(timer);
      await client.close().catch(() => null);
    }
  };
}

/** The library's words may be the server's, so none of them are kept. */
function judge(failure: AppError | null, status: number): Probe {
  if (failure !== null) {
    const problem = failure.code === "address_refused" ? "address_refused" : "unreachable";
    return { ok: false, problem, message: failure.message };
  }
  if (status === 401 || status === 403) {
    const message =
      "The server asks who you are: sign in at it (mcp_get shows the link), or give it a header with a key.";
    return { ok: false, problem: "needs_sign_in", message };
  }
  if (status >= 400) return { ok: false, problem: "refused", message: `The server answered with status ${status}.` };
  const message = "What answers there does not speak MCP as expected. Check the address and the type.";
  return { ok: false, problem: "not_mcp", message };
}
