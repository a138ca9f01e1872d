import { listDurableObjectIds } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { uuidV7 } from "../../src/shared/ids.ts";
import type { SessionApi } from "../../src/shared/rpc/session-api.ts";
import type { Principal } from "../../src/shared/teams/principal.ts";
import { TOOLSETS } from "../../src/worker/mcp/toolsets.ts";
import { beforeAll, describe, expect, it } from "vitest";
import {
  ALL_SCOPES,
  callLegacy,
  callModern,
  readMessages,
  readRpc,
  type RpcAnswer,
  send,
  signIn,
  structuredOf,
} from "./oauth-client.ts";

let token = "";
beforeAll(async () => {
  token = (await signIn()).access_token;
});

async function callTool(name: string, args: Record<string, unknown>, query = ""): Promise<RpcAnswer> {
  return readRpc(await callModern(token, "tools/call", { name, arguments: args }, { query }));
}

const newId = () => uuidV7(Date.now(), crypto.getRandomValues(new Uint8Array(16)));

async function submitAs(
  principal: Principal,
  session_id: string,
  { workspace_id, prompt } = { workspace_id: newId(), prompt: "theirs" },
): Promise<void> {
  const session = env.SESSION.getByName(session_id) as unknown as SessionApi;
  const project = { project_id: newId(), name: "theirs", workspace_id, branch: "main", git_url: null };
  const submitted = await session.submit({
    principal,
    session_id,
    must_exist: false,
    project,
    prompt,
    options: { timeout_seconds: 60 },
    ceiling: { permission_mode: "acceptEdits" },
    idempotency_key: null,
    if_busy: "queue",
  });
  expect(submitted.ok).toBe(true);
}

function failureOf(answer: RpcAnswer): { code: string; message: string } {
  expect(answer.result?.isError).toBe(true);
  return JSON.parse(answer.result?.content?.[0]?.text ?? "{}") as { code: string; message: string };
}

describe("/mcp", () => {
  it("answers both eras about itself [mcp.eras]", async () => {
    const discovered = await readRpc(await callModern(token, "server/discover"));
    expect(discovered.result?.["instructions"]).toContain("wait_for_session");
    const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "test", version: "1" } };
    const initialized = await readRpc(await callLegacy(token, "initialize", params));
    expect(initialized.result).toMatchObject({ protocolVersion: "2025-11-25", serverInfo: { name: "berth" } });
  });

  it("lists the tools in the same order each time, and more of them when asked [mcp.toolsets]", async () => {
    const list = async (query: string) => {
      const answer = await readRpc(await callModern(token, "tools/list", {}, { query }));
      return answer.result?.tools ?? [];
    };
    expect(await list("")).toEqual(await list("?toolsets=sessions,projects"));
    const all = (await list("?toolsets=all")).map((tool) => tool.name);
    expect(all).toContain("check_claude_updates");
    const archive = (await list("?toolsets=archive")).map((tool) => tool.name);
    expect(archive).toEqual(["export_session", "delete_session"]);
    expect(all).toEqual(expect.arrayContaining(archive));
  });

  it("refuses an unknown toolset and names those that exist", async () => {
    const response = await callModern(token, "tools/list", {}, { query: "?toolsets=nonsense" });
    expect(response.status).toBe(400);
    expect((await readRpc(response)).error?.message).toContain(`${TOOLSETS.join(", ")}, or all`);
  });

  it("refuses a page of a foreign origin, and takes hosted clients and requests without origin [bad_input.http]", async () => {
    const origin = (value: string) => callModern(token, "tools/list", {}, { headers: { origin: value } });
    expect((await origin("https://evil.example")).status).toBe(403);
    expect((await origin("http://localhost.evil.example")).status).toBe(403);
    expect((await origin("null")).status).toBe(403);
    expect((await origin("https://claude.ai")).status).toBe(200);
    expect((await origin("http://localhost:6274")).status).toBe(200);
  });

  it("refuses a body of 10 MB [bad_input.http]", async () => {
    const padding = "x".repeat(10 * 1024 * 1024);
    const response = await callModern(token, "tools/call", { name: "execute_claude", arguments: { prompt: padding } });
    expect(response.status).toBe(413);
  });

  it("says that a body is not JSON without repeating it [mcp.errors] [bad_input.secrets]", async () => {
    const response = await send("/mcp", {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: "{ secret-text",
    });
    expect(response.status).toBe(400);
    expect(await response.text()).not.toContain("secret-text");
  });

  it.each(["{}", "[]", "null", "5", '{"jsonrpc":"2.0"}', '[{"jsonrpc":"1.0","method":"x"}]'])(
    "says that a body is no message: %s",
    async (body) => {
      const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
      const response = await send("/mcp", { method: "POST", headers, body });
      expect(response.status).toBe(400);
      expect((await readRpc(response)).error).toEqual({
        code: -32600,
        message: "The request's body is no JSON-RPC 2.0 message.",
      });
    },
  );

  it("answers 404 as JSON to everything else", async () => {
    const response = await send("/nothing-here");
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { code: "not_found" } });
  });

  it("says that it is healthy [health.answers]", async () => {
    const response = await send("/health");
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      status: "ok",
      sandbox: "process",
      checks: { database: { ok: true } },
    });
  });
});

describe("a connector's wrong headers", () => {
  it.each([
    [
      "an older revision than the body's",
      () => callModern(token, "tools/list", {}, { headers: { "mcp-protocol-version": "2025-11-25" } }),
    ],
    [
      "the 2026 revision without an envelope",
      () => callLegacy(token, "tools/list", {}, { headers: { "mcp-protocol-version": "2026-07-28" } }),
    ],
    [
      "the revision twice",
      () => callLegacy(token, "tools/list", {}, { headers: { "mcp-protocol-version": "2025-11-25, 2025-11-25" } }),
    ],
    ["no Accept", () => callLegacy(token, "tools/list", {}, { headers: { accept: "*/*" } })],
  ])("are repaired: %s [mcp.header_repair]", async (_name, call) => {
    const response = await call();
    expect(response.status).toBe(200);
    expect((await readRpc(response)).result?.tools?.length).toBeGreaterThan(5);
  });

  it("are repaired in the path: /mcp/ is /mcp", async () => {
    const response = await send("/mcp/", {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list", params: {} }),
    });
    expect(response.status).toBe(200);
  });

  it("are refused when they contradict the body in any other way", async () => {
    const response = await callModern(token, "tools/list", {}, { headers: { "mcp-method": "tools/call" } });
    expect(response.status).toBe(400);
  });
});

describe("scopes", () => {
  it("step up: a call that needs more names the scope together with those the token has", async () => {
    const reader = await signIn(["sessions:read"]);
    const params = { name: "execute_claude", arguments: { prompt: "hello" } };
    for (const call of [callModern, callLegacy]) {
      const response = await call(reader.access_token, "tools/call", params);
      expect(response.status).toBe(403);
      const challenge = response.headers.get("www-authenticate") ?? "";
      expect(challenge).toContain("insufficient_scope");
      expect(challenge).toContain("sessions:write sessions:read");
    }
  });
});

describe("the configuration", () => {
  it("is no reader's of sessions alone to see [tools.resources]", async () => {
    const reader = await signIn(["sessions:read"]);
    for (const call of [callModern, callLegacy]) {
      const response = await call(reader.access_token, "resources/read", { uri: "claude://config" });
      expect(response.status).toBe(403);
      expect(response.headers.get("www-authenticate")).toContain("configuration:read sessions:read");
    }
  });

  it("of a session is that of the project in which it began, and of no later one of its name [configuration.isolation]", async () => {
    const name = "twice";
    const { access_token } = await signIn([...ALL_SCOPES.split(" "), "configuration:read", "configuration:write"]);
    const configure = async (tool: string, args: object) => {
      const params = { name: tool, arguments: args };
      return readRpc(await callModern(access_token, "tools/call", params, { query: "?toolsets=configuration" }));
    };
    const remember = (text: string) =>
      configure("update_config", { scope: "project", project: name, kind: "memory", value: text });
    const shown = async (session_id: string) => JSON.stringify(await configure("get_config", { session_id }));
    await callTool("create_project", { name });
    await remember("of the first one");
    const started = await callTool("execute_claude", { project: name, prompt: "Hello", wait_seconds: 0 });
    const { session_id } = structuredOf(started) as { session_id: string };
    expect(await shown(session_id)).toContain("of the first one");
    // As its deletion leaves the name, without the sandbox that a deletion waits for.
    await env.DB.prepare("UPDATE projects SET deleted_at = '2026-01-01' WHERE name = ?").bind(name).run();
    expect((await callTool("create_project", { name })).result?.isError).toBeUndefined();
    expect((await remember("of the second one")).result?.isError).toBeUndefined();
    const later = await shown(session_id);
    expect(later).toContain("of the first one");
    expect(later).not.toContain("of the second one");
  });
});

describe("sessions", () => {
  it("start with a prompt and can be looked at, waited for and ended [tools.execute_claude] [tools.sessions]", async () => {
    const started = await callTool("execute_claude", { prompt: "Say hello", wait_seconds: 0 });
    const structured = started.result?.["structuredContent"] as { session_id: string; cursor: number };
    expect(JSON.parse(started.result?.content?.[0]?.text ?? "")).toEqual(structured);
    const { session_id } = structured;
    const seen = await callTool("get_session", { session_id });
    expect(seen.result?.["structuredContent"]).toMatchObject({ session: { session_id, project: "default" } });
    const waited = await callTool("wait_for_session", { session_id, wait_seconds: 1, return_on: "event" });
    const { events, next_cursor } = structuredOf(waited) as {
      events: { seq: number }[];
      next_cursor: number;
    };
    expect(events.map((event) => event.seq)).toEqual(events.map((_event, index) => index + 1));
    expect(next_cursor).toBe(events.length);
    const ended = await callTool("end_session", { session_id });
    expect(ended.result?.["structuredContent"]).toMatchObject({ session: { status: "ended" } });
  });

  it("give the very same answer for an unknown id and for somebody else's session [bad_input.session_id]", async () => {
    const foreign = newId();
    await submitAs({ user_id: newId(), team_id: newId(), role: "owner" }, foreign);
    for (const name of ["get_session", "wait_for_session", "interrupt_session", "end_session"]) {
      const unknown = failureOf(await callTool(name, { session_id: newId() }));
      expect(unknown.code).toBe("session_not_found");
      expect(failureOf(await callTool(name, { session_id: foreign }))).toEqual(unknown);
    }
    const continued = failureOf(await callTool("execute_claude", { prompt: "hi", session_id: foreign }));
    expect(continued).toEqual(failureOf(await callTool("execute_claude", { prompt: "hi", session_id: newId() })));
  });

  it("say that a cursor is not of this session, and change nothing for one of the past [bad_input.cursor]", async () => {
    const { session_id } = structuredOf(await callTool("execute_claude", { prompt: "hi", wait_seconds: 0 })) as {
      session_id: string;
    };
    const wait = (after_cursor: unknown) => callTool("wait_for_session", { session_id, after_cursor, wait_seconds: 0 });
    const future = failureOf(await wait(1_000_000));
    expect(future.code).toBe("invalid_argument");
    expect(future.message).toMatch(/newest event is \d+; the cursor 1000000 is not of this session/);
    for (const malformed of [-1, 1.5, "7", null])
      expect(failureOf(await wait(malformed)).code).toBe("invalid_argument");
    expect(structuredOf(await wait(0))).toMatchObject({ session_id });
  });

  it("tell an owner what runs across the team, without what it is about [processes.team]", async () => {
    const me = await env.DB.prepare("SELECT user_id, team_id FROM memberships").first<Principal>();
    const [session_id, workspace_id] = [newId(), newId()];
    // Somebody else has the lease, so that the session waits for as long as this takes.
    const identity = { workspace_id, team_id: me!.team_id, project_id: newId(), git_url: null };
    await env.WORKSPACE.getByName(workspace_id).requestLease({ identity, session_id: newId(), turn_id: newId() });
    await submitAs({ ...me!, role: "owner" }, session_id, { workspace_id, prompt: "the secret plan" });
    const list = async (args: Record<string, unknown>) =>
      structuredOf(await callTool("list_active_sessions", args, "?toolsets=all")) as {
        sessions: unknown[];
        team: Record<string, unknown>[] | null;
      };
    const rows = async () => (await list({ whose: "team" })).team?.filter((row) => row["session_id"] === session_id);
    await expect.poll(rows, { timeout: 5_000 }).toMatchObject([{ owner: "Local developer", branch: "main" }]);
    expect(JSON.stringify(await rows())).not.toContain("secret");
    expect((await list({})).team).toBeNull();
    await env.DB.prepare("UPDATE memberships SET role = 'member'").run();
    const refused = failureOf(await callTool("list_active_sessions", { whose: "team" }, "?toolsets=all"));
    await env.DB.prepare("UPDATE memberships SET role = 'owner'").run();
    expect(refused.code).toBe("role_not_allowed");
  });

  it("say that an id is malformed [bad_input.session_id]", async () => {
    const malformed = failureOf(await callTool("get_session", { session_id: "nonsense" }));
    expect(malformed).toEqual({
      code: "invalid_argument",
      message: "The arguments are not valid: session_id: must be a lower-case UUID.",
    });
  });

  it("begin once for one idempotency key [session.idempotency]", async () => {
    const args = { prompt: "Once", idempotency_key: "key-1", wait_seconds: 0 };
    const first = await callTool("execute_claude", args);
    const second = await callTool("execute_claude", args);
    const ids = (answer: RpcAnswer) => {
      const { session_id, turn_id } = structuredOf(answer) as Record<string, string>;
      return { session_id, turn_id };
    };
    expect(ids(second)).toEqual(ids(first));
  });

  it("run at most in the mode that a person allowed, and say so [tools.ceiling]", async () => {
    const args = { prompt: "Hi", permission_mode: "bypassPermissions", wait_seconds: 0 };
    const answer = await callTool("execute_claude", args);
    const structured = answer.result?.["structuredContent"] as { permission_mode: string; notes: string[] };
    expect(structured.permission_mode).toBe("acceptEdits");
    expect(structured.notes[0]).toContain("bypassPermissions was cut to acceptEdits");
  });

  it("report progress while somebody waits, the first at once [tools.wait_for_session]", async () => {
    const params = { name: "execute_claude", arguments: { prompt: "Hi", wait_seconds: 1 } };
    for (const [call, meta] of [
      [callModern, { meta: { progressToken: "p1" } }],
      [callLegacy, {}],
    ] as const) {
      const legacyParams = call === callLegacy ? { ...params, _meta: { progressToken: "p1" } } : params;
      const messages = (await readMessages(await call(token, "tools/call", legacyParams, meta))) as {
        method?: string;
      }[];
      expect(messages[0]?.method).toBe("notifications/progress");
      expect(messages.length).toBeGreaterThan(1);
    }
  });
});

describe("a prompt or argument that is wrong [bad_input.prompt] [bad_input.arguments]", () => {
  const countSessions = async () => (await listDurableObjectIds(env.SESSION)).length;

  it.each([
    [{ prompt: "   " }, "prompt: must not be empty"],
    [{ prompt: "x".repeat(2 * 1024 * 1024) }, "prompt: must be at most 262144 bytes"],
    [{ prompt: 5 }, "prompt: must be a string"],
    [{}, "prompt: is missing"],
    [{ prompt: "hi", wait_seconds: 9999 }, "wait_seconds: must be at most 40"],
    [{ prompt: "hi", project: "No Such Name!" }, "project: must be 1 to 64 characters"],
    [{ prompt: "hi", permision_mode: "plan" }, 'there is no parameter "permision_mode"'],
  ])("gets a clear answer and starts nothing: %#", async (args, message) => {
    const before = await countSessions();
    const failure = failureOf(await callTool("execute_claude", args));
    expect(failure.code).toBe("invalid_argument");
    expect(failure.message).toContain(message);
    expect(await countSessions()).toBe(before);
  });
});

describe("projects", () => {
  it("are made, listed and deleted, and their names are free again [tools.projects]", async () => {
    const made = await callTool("create_project", { name: "first" });
    expect(made.result?.["structuredContent"]).toMatchObject({
      project: { name: "first", branch: "main" },
      files: "empty",
    });
    expect(failureOf(await callTool("create_project", { name: "first" })).code).toBe("project_name_taken");
    const listed = await callTool("list_projects", {});
    expect(JSON.stringify(listed.result?.["structuredContent"])).toContain('"first"');
    expect((await callTool("delete_project", { name: "first" })).result?.isError).toBeUndefined();
    expect(failureOf(await callTool("delete_project", { name: "first" })).code).toBe("project_not_found");
    expect((await callTool("create_project", { name: "first" })).result?.isError).toBeUndefined();
  });

  it.each([
    ["ssh://git@example.com/a/b", "user or password"],
    ["https://user:secret@example.com/a", "user or password"],
    ["-oProxyCommand=x", "begins with '-'"],
    ["file:///etc", "must begin with https://"],
    ["http://example.com/a", "must begin with https://"],
  ])("are not made from the git address %s [bad_input.project]", async (git_url, reason) => {
    const failure = failureOf(await callTool("create_project", { name: "from-git", git_url }));
    expect(failure.message).toContain(reason);
    expect(failure.message).not.toContain("secret");
    const listed = await callTool("list_projects", {});
    expect(JSON.stringify(listed.result)).not.toContain("from-git");
  });

  it("are not left behind when the clone or the sandbox fails [bad_input.project] [bad_input.sandbox_start]", async () => {
    const failure = failureOf(await callTool("create_project", { name: "from-git", git_url: "https://example.com/a" }));
    expect(failure.code).toMatch(/^(sandbox_|clone_)/);
    expect(JSON.stringify((await callTool("list_projects", {})).result)).not.toContain("from-git");
  });
});

describe("what is not there", () => {
  const EMPTY = "default";

  async function ask(method: string, params: Record<string, unknown>, query = "") {
    const modern = await readRpc(await callModern(token, method, params, { query }));
    const legacy = await readRpc(await callLegacy(token, method, params, { query }));
    expect(legacy.error).toEqual(modern.error);
    return modern.error;
  }

  it.each([
    ["tools/call", { name: "no_such_tool", arguments: {} }, /^There is no tool "no_such_tool"; tools\/list/],
    ["tools/call", { name: "find_claude_binary", arguments: {} }, /not among those.*\/mcp\?toolsets=all/],
    ["tools/call", { arguments: {} }, /^tools\/call needs the tool's name/],
    ["tools/call", { name: 7 }, /^tools\/call needs the tool's name/],
    ["tools/call", { name: "list_projects", arguments: "text" }, /must be an object/],
    ["resources/read", { uri: "claude://nothing/here" }, /^There is no resource of this URI/],
    ["resources/read", { uri: "no uri at all" }, /^There is no resource of this URI/],
    ["resources/read", {}, /^resources\/read needs the resource's URI/],
  ])("gets an answer in our words: %s with %j [mcp.errors]", async (method, params, words) => {
    expect(await ask(method, params)).toMatchObject({ code: -32602, message: expect.stringMatching(words) });
  });

  it("answers under the id of the request [mcp.errors]", async () => {
    const answer = await readRpc(await callModern(token, "tools/call", { name: "no_such_tool" }));
    expect(answer).toMatchObject({ jsonrpc: "2.0", id: 1 });
  });

  it.each([
    ["list_sessions", { project: EMPTY }],
    ["list_project_files", {}],
    ["read_project_file", { path: "a.txt" }],
    ["delete_project", { name: EMPTY }],
    ["find_claude_binary", {}],
  ])("is not made by looking for it: %s [tools.projects]", async (name, args) => {
    await env.DB.prepare("UPDATE projects SET deleted_at = 'now' WHERE name = ?").bind(EMPTY).run();
    const failure = failureOf(await callTool(name, args, "?toolsets=all"));
    expect(failure).toMatchObject({ code: "project_not_found", message: expect.stringContaining("execute_claude") });
    const left = await env.DB.prepare("SELECT id FROM projects WHERE name = ? AND deleted_at IS NULL")
      .bind(EMPTY)
      .all();
    expect(left.results).toEqual([]);
  });
});

describe("continue_session with an idempotency_key", () => {
  const go = async (wish: Record<string, unknown>) => {
    const args = { prompt: "go on", project: "continued", wait_seconds: 0, ...wish };
    return structuredOf(await callTool("execute_claude", args)) as { session_id: string; turn_id: string };
  };
  const isListed = async (session_id: string) => {
    const listed = await callTool("list_sessions", { project: "continued" });
    return JSON.stringify(listed.result).includes(session_id);
  };

  it("gets its first answer again, also once a newer session exists [session.idempotency]", async () => {
    await callTool("create_project", { name: "continued" });
    const first = await go({});
    await expect.poll(() => isListed(first.session_id), { timeout: 10_000 }).toBe(true);
    const continued = await go({ continue_session: true, idempotency_key: "again" });
    expect(continued.session_id).toBe(first.session_id);
    const newer = await go({});
    await expect.poll(() => isListed(newer.session_id), { timeout: 10_000 }).toBe(true);
    expect(await go({ continue_session: true, idempotency_key: "again" })).toMatchObject({
      session_id: first.session_id,
      turn_id: continued.turn_id,
    });
    expect((await go({ continue_session: true, idempotency_key: "other" })).session_id).toBe(newer.session_id);
  });

  it("begins one session for a key when there was none to continue [session.idempotency]", async () => {
    await callTool("create_project", { name: "nothing-yet" });
    const wish = { project: "nothing-yet", continue_session: true, idempotency_key: "first" };
    const [one, two] = await Promise.all([go(wish), go(wish)]);
    expect(two).toMatchObject({ session_id: one.session_id, turn_id: one.turn_id });
  });
});

describe("resources", () => {
  const read = async (uri: string) => readRpc(await callModern(token, "resources/read", { uri }));

  it("are listed with their templates", async () => {
    const listed = await readRpc(await callModern(token, "resources/list"));
    expect(JSON.stringify(listed.result)).toContain("claude://sessions/active");
    const templates = await readRpc(await callModern(token, "resources/templates/list"));
    expect(JSON.stringify(templates.result)).toContain("claude://projects/{project}/files/{+path}");
  });

  it("show the settings without secrets [tools.resources] [bad_input.secrets]", async () => {
    const { access_token } = await signIn(["sessions:read", "configuration:read"]);
    const answered = await callModern(access_token, "resources/read", { uri: "claude://config" });
    const text = JSON.stringify((await readRpc(answered)).result);
    expect(text).toContain("acceptEdits");
    expect(text).not.toMatch(/sk-ant|TEST-CODE|run-token-secret/);
  });

  it("show a session and its events [tools.resources]", async () => {
    const started = await callTool("execute_claude", { prompt: "Hello", wait_seconds: 0 });
    const { session_id } = structuredOf(started) as { session_id: string };
    expect(JSON.stringify((await read(`claude://sessions/${session_id}`)).result)).toContain(session_id);
    expect(JSON.stringify((await read(`claude://sessions/${session_id}/events/1`)).result)).toContain(
      "session_status_changed",
    );
    const body = await send(`/mcp/sessions/${session_id}/events/1`, { headers: { authorization: `Bearer ${token}` } });
    expect(await body.json()).toMatchObject({ seq: 1 });
    expect((await read("claude://sessions/nonsense")).error?.message).toContain("URI is not valid");
    const unknown = await read("claude://sessions/01890000-0000-7000-8000-00000000dead");
    expect(unknown.error?.message).toContain("session_not_found");
  });
});
