// MCP servers as a person adds them and Claude uses them, with the real Claude Code and real servers; in both sandbox modes.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AuthorizationServer, createAuthorizationServer } from "../support/mcp-servers/authorization-server.ts";
import { type RemoteServer, startRemoteServer } from "../support/mcp-servers/remote-server.ts";
import { createPageVisitor, type PageVisitor } from "../support/page-visitor.ts";
import { callTool, hold, say, type Action } from "../support/scripted-model/scenario.ts";
import { startStack, type Stack, type StackOptions } from "../support/stack.ts";
import { connect, messages, prompt, readLog, start, waitForEnd, onceFor } from "./person.ts";

type Client = Awaited<ReturnType<typeof connect>>;
type Kept = { status: string; confirm_url: string | null; test: { ok: boolean }; sign_in_url: string | null };

/** A whole stdio server without dependencies, as a file of the workspace. */
const STDIO_SERVER = `
import { createInterface } from "node:readline";
const answers = {
  initialize: () => ({ protocolVersion: "2025-06-18", capabilities: { tools: {} }, serverInfo: { name: "s", version: "1" } }),
  "tools/list": () => ({ tools: ["echo", "danger"].map((name) => ({ name, inputSchema: { type: "object" } })) }),
  "tools/call": ({ name, arguments: input }) => ({ content: [{ type: "text", text: name + " in the sandbox: " + input.text }] }),
};
createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) return;
  const result = answers[method]?.(params);
  const rest = result === undefined ? { error: { code: -32601, message: "no" } } : { result };
  console.log(JSON.stringify({ jsonrpc: "2.0", id, ...rest }));
});
`;

const echo = (server: string, text: string) => callTool(`mcp__${server}__echo`, { text });

export function describeMcpServers(sandbox: "process" | "container", options: StackOptions = {}): void {
  describe(`MCP servers, with sandboxes as ${sandbox === "process" ? "processes" : "containers"}`, () => {
    let stack: Stack;
    const test = onceFor(sandbox);
    let visitor: PageVisitor;
    let remote: RemoteServer;
    beforeAll(async () => {
      remote = await startRemoteServer();
      const env = {
        BERTH_MAX_PERMISSION_MODE: "bypassPermissions",
        ALLOW_LOOPBACK_URLS: "true",
        MCP_SERVERS: JSON.stringify({ given: { type: "http", url: remote.httpUrl } }),
        ...options.env,
      };
      stack = await startStack({ sandbox, ...options, env });
      visitor = createPageVisitor(stack.url, stack.signInCode);
    });
    afterAll(async () => {
      remote?.close();
      await stack?.stop();
    });

    const confirm = async ({ status, confirm_url, ...rest }: Kept) => {
      expect({ status, ...rest }).toMatchObject({ status: "proposed" });
      const page = await visitor.submit(confirm_url ?? "", { decision: "confirm" });
      expect(page.status, page.html).toBe(200);
    };
    const removeAsPerson = async (client: Client, at: Record<string, unknown>) => {
      const { outcome, confirm_url } = await client.callToolOrThrow("mcp_remove", at);
      expect(outcome).toBe("proposed");
      const page = await visitor.submit(String(confirm_url), { decision: "confirm" });
      expect(page.status, page.html).toBe(200);
    };
    const add = async (client: Client, args: Record<string, unknown>) =>
      (await client.callToolOrThrow("mcp_add", args)) as unknown as Kept;

    async function turn(client: Client, args: Record<string, unknown>, steps: Action[][]) {
      const started = await start(client, {
        permission_mode: "bypassPermissions",
        ...args,
        prompt: prompt("Use the tools.", { steps: [...steps, [say("done")]] }),
      });
      const ended = await waitForEnd(client, started);
      expect(ended.result?.text).toBe("done");
      const log = await readLog(client, started.session_id);
      return { session_id: started.session_id, log: JSON.stringify(messages(log)), events: JSON.stringify(log) };
    }

    test("that are given to every team are used by those that configured nothing, and can be switched off [servers.built_in]", async () => {
      const client = await connect(stack);
      const { log } = await turn(client, {}, [[echo("given", "to everybody")]]);
      expect(log).toContain("echo: to everybody");
      const team = { scope: "team", name: "given" };
      expect(await client.callToolOrThrow("mcp_get", team)).toMatchObject({ built_in: true });
      expect((await client.callTool("mcp_remove", team)).text).toContain("given to every team");
      expect(await client.callToolOrThrow("mcp_update", { ...team, enabled: false })).toMatchObject({
        status: "added",
      });
      expect((await turn(client, {}, [[echo("given", "no more")]])).log).not.toContain("echo: no more");
      // What comes back lets sessions do more.
      await removeAsPerson(client, team);
      expect((await turn(client, {}, [[echo("given", "again")]])).log).toContain("echo: again");
      remote.calls.length = 0;
      await client.close();
    });

    it("are used in a session over each transport at each scope, once a person agreed [servers.remote] [servers.stdio]", async () => {
      const client = await connect(stack);
      const project = "served";
      await client.callToolOrThrow("create_project", { name: project });
      const write = callTool("Write", { file_path: "server.mjs", content: STDIO_SERVER });
      const { session_id } = await turn(client, { project }, [[write]]);
      const places = [
        { scope: "team" },
        { scope: "user" },
        { scope: "project", project },
        { scope: "session", session_id },
      ];
      const kinds = {
        http: { type: "http", url: remote.httpUrl },
        sse: { type: "sse", url: remote.sseUrl },
        stdio: { type: "stdio", command: "node", args: ["server.mjs"] },
      };
      const names = Object.keys(kinds).flatMap((kind) => places.map(({ scope }) => `${kind}-${scope}`));
      const proposals: Kept[] = [];
      for (const place of places) {
        for (const [kind, definition] of Object.entries(kinds)) {
          const kept = await add(client, { ...place, name: `${kind}-${place.scope}`, ...definition });
          if (kind !== "stdio")
            expect(kept.test).toMatchObject({ tested: true, ok: true, tools: ["echo", "danger", "leak"] });
          proposals.push(kept);
        }
      }
      const before = await turn(client, { session_id }, [[echo("http-user", "too early")]]);
      expect(before.log).toContain("No such tool available");
      expect(remote.calls).toEqual([]);
      for (const proposal of proposals) await confirm(proposal);
      // Now that a person agreed, the program is tried as well.
      const health = async () =>
        (await client.callToolOrThrow("mcp_get", { scope: "project", project, name: "stdio-project" }))["health"];
      await expect.poll(health, { timeout: 30_000 }).toMatchObject({ problem: null, tools: 2 });

      const { log } = await turn(
        client,
        { session_id },
        names.map((name) => [echo(name, `by ${name}`)]),
      );
      for (const name of names) {
        expect(log).toContain(name.startsWith("stdio") ? `echo in the sandbox: by ${name}` : `echo: by ${name}`);
      }
      expect(remote.calls.sort()).toEqual(
        names
          .filter((name) => !name.startsWith("stdio"))
          .map((name) => `by ${name}`)
          .sort(),
      );
      const tested = await client.callToolOrThrow("mcp_test", { scope: "project", project, name: "stdio-project" });
      expect(tested).toMatchObject({ tested: true, ok: true, tools: ["echo", "danger"] });
      const { servers } = await client.callToolOrThrow("mcp_list", { session_id });
      expect((servers as { name: string }[]).map(({ name }) => name).sort()).toEqual([...names, "given"].sort());
      await client.close();
    });

    test("use the narrower scope's definition, show and run allowed tools alone, and can be taken away [servers.allow_list]", async () => {
      const client = await connect(stack);
      const project = "narrowed";
      await client.callToolOrThrow("create_project", { name: project });
      const other = await startRemoteServer();
      await confirm(await add(client, { scope: "user", name: "same", type: "http", url: other.httpUrl }));
      const own = { scope: "project", project, name: "same" };
      await confirm(await add(client, { ...own, type: "http", url: remote.httpUrl, allowed_tools: ["echo"] }));
      remote.calls.length = 0;
      const steps = [[callTool("mcp__same__danger", {})], [echo("same", "narrow")]];
      const { log, session_id } = await turn(client, { project }, steps);
      expect(log).toContain("echo: narrow");
      expect(log).not.toContain("harm was done");
      expect(remote.calls).toEqual(["narrow"]);
      expect(other.calls).toEqual([]);
      // Fewer still: at once, also for what runs already.
      const narrower = await client.callToolOrThrow("mcp_update", { ...own, allowed_tools: [] });
      expect(narrower).toMatchObject({ status: "added" });
      expect((await turn(client, { session_id }, [[echo("same", "no more")]])).log).not.toContain("echo: no more");
      await removeAsPerson(client, own);
      expect((await turn(client, { project }, [[echo("same", "the wider one")]])).log).toContain("echo: the wider one");
      expect(other.calls).toEqual(["the wider one"]);
      await client.callToolOrThrow("mcp_remove", { scope: "user", name: "same" });
      other.close();
      await client.close();
    });

    it("get secrets that a person entered, which are found nowhere [secrets.page] [secrets.nowhere]", async () => {
      const client = await connect(stack);
      const [entered, literal] = [`entered-${crypto.randomUUID()}`, `literal-${crypto.randomUUID()}`];
      const kept = await add(client, {
        scope: "user",
        name: "secret",
        type: "http",
        url: remote.httpUrl,
        headers: { Authorization: "Bearer ${secret:ENTERED}", "X-Literal": literal },
      });
      await confirm(kept);
      expect(JSON.stringify(kept)).not.toContain(literal);
      const missing = await client.callToolOrThrow("mcp_test", { scope: "user", name: "secret" });
      expect(missing).toMatchObject({ ok: false, problem: "secret_missing" });
      const { secrets_url } = await client.callToolOrThrow("mcp_get", { scope: "user", name: "secret" });
      const page = await visitor.submit(String(secrets_url), { name: "ENTERED", value: entered });
      expect(page.status, page.html).toBe(200);
      expect(page.html).toContain("ENTERED was saved");
      expect(page.html).not.toContain(entered);

      const gate = `secrets-${sandbox}`;
      const look =
        "env; cat /proc/*/environ /proc/*/cmdline 2>/dev/null | tr '\\0' '\\n'; grep -rs . $CLAUDE_CONFIG_DIR | head -c 300000";
      const steps = [
        [callTool("mcp__secret__leak", {})],
        [callTool("Bash", { command: look })],
        [hold(gate), say("seen")],
      ];
      const started = await start(client, {
        permission_mode: "bypassPermissions",
        prompt: prompt("Leak.", { steps }),
      });
      await stack.model.reached(gate);
      const { headers } = remote.seen.findLast(({ method }) => method === "POST")!;
      expect(headers).toMatchObject({ authorization: `Bearer ${entered}`, "x-literal": literal });
      const values = [entered, literal];
      if (sandbox === "process")
        for (const pid of stack.processes()) expectNone(readProcess(pid), values, `process ${pid}`);
      stack.model.release(gate);
      await waitForEnd(client, started);
      const log = JSON.stringify(await readLog(client, started.session_id));
      expect(log).toContain("[redacted]");
      const shown = [
        log,
        JSON.stringify(await client.callToolOrThrow("mcp_list", {})),
        JSON.stringify(await client.callToolOrThrow("get_config", {})),
        (await visitor.open(String(secrets_url))).html,
        JSON.stringify(stack.model.requests),
        stack.output(),
      ];
      for (const text of shown) expectNone(text, values, text.slice(0, 60));
      // D1, the objects' SQLite, R2, KV, logs, transcripts and workspaces all lie below the home.
      for (const value of values) expect(findInFiles(stack.home, value), value).toEqual([]);
      // What is looked for in clear is found where it lies: the definition in D1, the answer in the session's log.
      for (const text of ["X-Literal", "Bearer [redacted]"])
        expect(findInFiles(stack.home, text), text).not.toEqual([]);
      await client.callToolOrThrow("mcp_remove", { scope: "user", name: "secret" });
      await client.close();
    });

    test("are signed in at by the person, through a link, and renewed by themselves [servers.oauth]", async () => {
      const client = await connect(stack);
      let authority: AuthorizationServer | null = null;
      const guarded = await startRemoteServer({
        async before(request, response, url) {
          if (authority === null) return false;
          const chunks: Buffer[] = [];
          if (url.pathname !== "/mcp") for await (const chunk of request) chunks.push(chunk as Buffer);
          const own = await authority.handle(
            new Request(new URL(request.url ?? "", guarded.origin), {
              method: request.method ?? "GET",
              ...(chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }),
            }),
          );
          if (own !== null) {
            response.writeHead(own.status, Object.fromEntries(own.headers)).end(await own.text());
            return true;
          }
          if (authority.accepts(request.headers.authorization ?? null)) return false;
          response.writeHead(401, { "www-authenticate": authority.challenge() }).end();
          return true;
        },
      });
      authority = createAuthorizationServer(guarded.origin, { resource: guarded.httpUrl });
      const kept = await add(client, { scope: "user", name: "account", type: "http", url: guarded.httpUrl });
      expect(kept.test).toMatchObject({ ok: false, problem: "needs_sign_in" });
      await confirm(kept);
      const page = await visitor.submit(kept.sign_in_url ?? "", { decision: "connect" });
      expect(page.html, page.url.href).toContain("Your sessions can use account now");
      expect(page.url.href.startsWith(`${stack.url}/mcp-servers/callback`)).toBe(true);
      // What was used up is not used again.
      expect((await visitor.open(page.url.href)).html).toContain("Begin it again");

      const first = await turn(client, {}, [[echo("account", "as me")]]);
      expect(first.log).toContain("echo: as me");
      authority.expireAll();
      const { log } = await turn(client, { session_id: first.session_id }, [[echo("account", "renewed")]]);
      expect(log).toContain("echo: renewed");
      expect(authority.grants).toEqual(["authorization_code", "refresh_token"]);
      const tokens = new Set(guarded.seen.map(({ headers }) => headers.authorization?.replace("Bearer ", "") ?? ""));
      tokens.delete("");
      expect(tokens.size).toBe(2);
      for (const token of tokens) expect(findInFiles(stack.home, token)).toEqual([]);
      await client.callToolOrThrow("mcp_remove", { scope: "user", name: "account" });
      guarded.close();
      await client.close();
    });

    test("at private addresses are refused, whoever adds them and however [servers.guard]", async () => {
      const client = await connect(stack);
      for (const url of ["https://169.254.169.254/mcp", "https://10.0.0.1/mcp", "https://intranet/mcp", stack.mcpUrl]) {
        const refused = await client.callTool("mcp_add", {
          scope: "user",
          name: "x",
          type: "http",
          url,
          keep_if_failing: true,
        });
        expect(refused.text, url).toContain("address_refused");
      }
      const away: Record<string, [number, Record<string, string>, string]> = {
        private: [302, { location: "http://169.254.169.254/latest" }, ""],
        file: [307, { location: "file:///etc/passwd" }, ""],
        large: [200, { "content-type": "application/json" }, JSON.stringify({ text: "x".repeat(3 * 1024 * 1024) })],
      };
      const odd = await startRemoteServer({
        before(_request, response, url) {
          const [status, headers, body] = away[url.pathname.split("/")[1] ?? ""] ?? [404, {}, ""];
          response.writeHead(status, headers).end(body);
          return true;
        },
      });
      for (const [what, problem] of [
        ["private", "address_refused"],
        ["file", "address_refused"],
        ["large", "unreachable"],
      ] as const) {
        const url = `${odd.origin}/${what}/mcp`;
        const failed = await client.callToolOrThrow("mcp_add", { scope: "user", name: what, type: "http", url });
        expect(failed, what).toMatchObject({ status: "failed", test: { ok: false, problem } });
      }
      odd.close();
      const config_json = JSON.stringify({
        mcpServers: { bad: { url: "file:///etc/passwd" }, token: { command: "x", env: { API_TOKEN: "abc" } } },
      });
      const pasted = await client.callToolOrThrow("mcp_add_from_claude_desktop", { scope: "user", config_json });
      expect(pasted["servers"]).toMatchObject([
        { name: "bad", why_skipped: expect.stringContaining("not asked") },
        { name: "token", why_skipped: expect.stringContaining("API_TOKEN") },
      ]);
      expect((await client.callToolOrThrow("mcp_serve", {}))["url"]).toBe(stack.mcpUrl);
      await client.close();
    });
  });
}

function readProcess(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8") + readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

function expectNone(text: string, values: readonly string[], where: string): void {
  for (const value of values) expect(text.includes(value), where).toBe(false);
}

/** Files below the folder that hold that text, whatever they are. */
function findInFiles(folder: string, text: string): string[] {
  try {
    return execFileSync("grep", ["-rlaF", "--", text, folder], { encoding: "utf8" }).split("\n").filter(Boolean);
  } catch (error) {
    if ((error as { status?: number }).status === 1) return [];
    throw error;
  }
}
