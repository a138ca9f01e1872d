// The other ways to answer: a form in the client, the WebSocket, the tools of a scope of their own; and proposals.
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { ANSWERING_SCOPE, type Principal, type Scope, SCOPES } from "../../src/shared/teams/principal.ts";
import { TOOLS } from "../../src/worker/mcp/registry.ts";
import {
  askPerson,
  eventsOf,
  localPerson,
  openPage,
  otherPerson,
  readPage,
  sendForm,
  signInBrowser,
  viewOf,
} from "./consent-fixture.ts";
import {
  answerConsent,
  callLegacy,
  callModern,
  codeOf,
  exchangeCode,
  openConsent,
  readRpc,
  register,
  send,
  signIn,
  structuredOf,
} from "./oauth-client.ts";
import { newId } from "./session-fixture.ts";

const FORMS = { "io.modelcontextprotocol/clientCapabilities": { elicitation: { form: {} } } };

let me: Principal;
let cookie = "";
let token = "";
let answering = "";
beforeAll(async () => {
  me = await localPerson();
  cookie = await signInBrowser();
  token = (await signIn()).access_token;
  answering = (await signIn(["sessions:read", "sessions:write", "permissions:answer"])).access_token;
});

type Round = {
  resultType?: string;
  requestState?: string;
  inputRequests?: { permission: { params: Record<string, any> } };
};

async function wait(
  session_id: string,
  params: Record<string, unknown> = {},
  options: { by?: string; meta?: object } = {},
) {
  const call = { name: "wait_for_session", arguments: { session_id, wait_seconds: 0 }, ...params };
  const response = await callModern(options.by ?? token, "tools/call", call, { meta: { ...FORMS, ...options.meta } });
  const answer = await readRpc(response);
  return { answer, round: (answer.result ?? {}) as Round, structured: structuredOf(answer) as Record<string, unknown> };
}

const fill = (round: Round, content: Record<string, unknown>, action = "accept") => ({
  requestState: round.requestState,
  inputResponses: { permission: action === "accept" ? { action, content } : { action } },
});

describe("a client that shows forms", () => {
  it("is given the question as a form, and its person's answer counts [permissions.elicitation]", async () => {
    const { session_id, request_id } = await askPerson(me);
    const { round } = await wait(session_id);
    expect(round.resultType).toBe("input_required");
    const asked = round.inputRequests!.permission.params;
    expect(asked["message"]).toMatch(
      /Claude asks to use Bash\. Project shop, branch main\.[\s\S]*npm test[\s\S]*\/consent\//,
    );
    expect(asked["requestedSchema"].properties.decision.enum).toEqual(["allow_once", "allow_session", "deny"]);
    const { structured } = await wait(session_id, fill(round, { decision: "allow_session" }));
    expect(structured).toMatchObject({ session_id, pending_permissions: [] });
    const { settled } = await viewOf(me, session_id, request_id);
    expect(settled).toMatchObject({ remember: "session", decided_by: "elicitation", user_id: me.user_id });
  });

  it("denies when its person declines, and leaves the request to the page when they close the form [permissions.elicitation]", async () => {
    const closed = await askPerson(me);
    const first = await wait(closed.session_id);
    const left = await wait(closed.session_id, fill(first.round, {}, "cancel"));
    expect(left.structured).toMatchObject({ pending_permissions: [{ request_id: closed.request_id }] });
    const declined = await askPerson(me);
    const { round } = await wait(declined.session_id);
    await wait(declined.session_id, fill(round, {}, "decline"));
    expect((await viewOf(me, declined.session_id, declined.request_id)).settled).toMatchObject({ behavior: "deny" });
  });

  it("asks Claude's question with its options [permissions.elicitation] [permissions.questions]", async () => {
    const questions = [
      {
        question: "Which?",
        header: "",
        multiSelect: false,
        options: [
          { label: "A", description: "" },
          { label: "B", description: "" },
        ],
      },
    ];
    const asked = { kind: "question", tool_name: "AskUserQuestion", tool_input: { questions } } as const;
    const { session_id, request_id } = await askPerson(me, asked);
    const { round } = await wait(session_id);
    expect(round.inputRequests!.permission.params["requestedSchema"].properties.choice_0).toMatchObject({
      title: "Which?",
      enum: ["A", "B"],
    });
    await wait(session_id, fill(round, { choice_0: "B" }));
    expect((await viewOf(me, session_id, request_id)).settled).toMatchObject({ behavior: "allow" });
  });

  it("answers nothing that it was not asked: state that is changed, of another request, tool or person [permissions.elicitation]", async () => {
    const { session_id, request_id } = await askPerson(me);
    const { round } = await wait(session_id);
    const content = { decision: "allow_once" };
    const [version, body, mac] = round.requestState!.split(".");
    const payload = JSON.parse(atob(body!.replaceAll("-", "+").replaceAll("_", "/"))) as { p: { request_id: string } };
    const other = btoa(JSON.stringify({ ...payload, p: { ...payload.p, request_id: newId() } }));
    for (const requestState of [`${version}.${body}.${mac!.slice(0, -2)}AA`, `${version}.${other}.${mac}`, "x", ""]) {
      const { answer } = await wait(session_id, { ...fill(round, content), requestState });
      expect(answer.error?.code ?? answer.result?.["resultType"]).not.toBe(undefined);
    }
    await wait(session_id, { inputResponses: { permission: { action: "accept", content } } });
    const elsewhere = { name: "execute_claude", arguments: { prompt: "hi", wait_seconds: 0 }, ...fill(round, content) };
    await callModern(token, "tools/call", elsewhere, { meta: FORMS });
    expect((await viewOf(me, session_id, request_id)).settled).toBeNull();
  });

  it("is not asked where its token may only look, or where it is of before 2026 or shows no forms [permissions.elicitation]", async () => {
    const { session_id, request_id } = await askPerson(me);
    const reading = (await signIn(["sessions:read"])).access_token;
    const looked = await wait(session_id, {}, { by: reading });
    expect(looked.structured).toMatchObject({ pending_permissions: [{ request_id }] });
    const { round } = await wait(session_id);
    await wait(session_id, fill(round, { decision: "allow_once" }), { by: reading });
    const call = { name: "wait_for_session", arguments: { session_id, wait_seconds: 0 } };
    const capabilities = { "io.modelcontextprotocol/clientCapabilities": {} };
    const plain = await wait(session_id, {}, { meta: capabilities });
    expect(plain.structured).toMatchObject({ pending_permissions: [{ request_id }] });
    const legacy = await readRpc(await callLegacy(token, "tools/call", call));
    expect(structuredOf(legacy)).toMatchObject({ pending_permissions: [{ request_id }] });
    expect((await viewOf(me, session_id, request_id)).settled).toBeNull();
  });
});

describe("the scope permissions:answer", () => {
  it("is spelled out on the consent page, ticked by nobody but the person, and asked of no client [permissions.tools]", async () => {
    const all = "sessions:read sessions:write projects:read projects:write configuration:read permissions:answer";
    const consent = await openConsent(await register(), { scope: all });
    expect(consent.page).toContain("Answer in your place what your sessions ask a person");
    expect(consent.page).toMatch(/value="sessions:write" checked/);
    expect(consent.page).not.toMatch(/value="permissions:answer" checked/);
    const client_id = await register();
    const none = await openConsent(client_id, { scope: "" });
    expect(none.page).not.toMatch(/value="permissions:answer" checked/);
    const scopes = ["sessions:read", "permissions:answer"] satisfies Scope[];
    const given = await answerConsent(await openConsent(client_id, { scope: "sessions:read" }), { scopes });
    const { scope } = await (await exchangeCode(client_id, codeOf(given))).json<{ scope: string }>();
    expect(scope.split(" ").sort()).toEqual([...scopes].sort());
    const refused = await send("/mcp", { method: "POST", body: "{}" });
    expect(refused.headers.get("www-authenticate")).not.toContain("permissions:answer");
  });

  const call = (by: string, name: string, args: object, query = "?toolsets=permissions") =>
    callModern(by, "tools/call", { name, arguments: args }, { query });

  it("opens two tools that are not shown by default, and no other scope does [permissions.tools]", async () => {
    const { session_id, request_id } = await askPerson(me);
    const args = { session_id, request_id, decision: "allow_once" };
    expect((await call(token, "answer_permission", args)).status).toBe(403);
    const hidden = await readRpc(await call(answering, "answer_permission", args, ""));
    expect(hidden.error?.message).toContain("not among those of this connection");
    const listed = await readRpc(await call(answering, "list_pending_permissions", { session_id }));
    expect(structuredOf(listed)).toMatchObject({
      pending_permissions: [{ request_id, input: { command: "npm test" }, permission_mode: "acceptEdits" }],
    });
    const always = await readRpc(await call(answering, "answer_permission", { ...args, decision: "allow_always" }));
    expect(always.result?.isError).toBe(true);
    expect(structuredOf(await readRpc(await call(answering, "answer_permission", args)))).toEqual({
      request_id,
      behavior: "allow",
    });
    const again = await readRpc(await call(answering, "answer_permission", args));
    expect(again.result?.content?.[0]?.text).toContain("permission_answered");
    expect((await viewOf(me, session_id, request_id)).settled).toMatchObject({
      decided_by: "tool",
      user_id: me.user_id,
    });
  });
});

describe("a model with every tool of a client that may not answer", () => {
  const others = SCOPES.filter((scope) => scope !== ANSWERING_SCOPE);

  it("gives no consent, whatever it puts into their arguments [permissions.model]", async () => {
    const by = (await signIn(others)).access_token;
    const { session_id, request_id } = await askPerson(me);
    const answers = {
      decision: "allow_once",
      behavior: "allow",
      allow: true,
      approved: true,
      consent: true,
      confirm: true,
    };
    const forged = {
      ...answers,
      form_token: "x",
      answer: { decision: "allow_once" },
      user_id: me.user_id,
      way: "page",
    };
    for (const { name, inputJson } of TOOLS) {
      const known = Object.keys((inputJson["properties"] ?? {}) as object);
      const wanted = { session_id, request_id, event_id: request_id, value: answers, ...forged };
      const fitting = Object.fromEntries(Object.entries(wanted).filter(([field]) => known.includes(field)));
      // What a tool has no field for, and then what it has one for; none that ends the session would prove anything.
      const tries = /^(?:end|delete|interrupt)_session$/.test(name) ? [wanted] : [wanted, fitting];
      for (const args of tries) {
        const call = { name, arguments: args };
        const inputResponses = { permission: { action: "accept", content: answers } };
        const options = { query: "?toolsets=all" };
        const response = await callModern(by, "tools/call", { ...call, inputResponses }, options);
        await response.body?.cancel();
      }
    }
    expect((await viewOf(me, session_id, request_id)).settled).toBeNull();
    expect(await eventsOf(session_id, "permission_resolved")).toEqual([]);
  });
});

describe("a watcher over the WebSocket", () => {
  async function watch(by: string, session_id: string) {
    const headers = { authorization: `Bearer ${by}`, upgrade: "websocket" };
    const socket = (await send(`/mcp/sessions/${session_id}/socket`, { headers })).webSocket!;
    const frames: any[] = [];
    socket.addEventListener("message", ({ data }) => void frames.push(JSON.parse(data as string)));
    socket.accept();
    const answer = (request_id: string, given: object) =>
      socket.send(JSON.stringify({ kind: "answer_permission", request_id, answer: given }));
    const told = () => frames.filter(({ kind }) => kind === "permission_answered");
    return { socket, answer, told, frames };
  }

  it("answers when its token may, is told what came of it, and sees the event [permissions.socket]", async () => {
    const { session_id, request_id } = await askPerson(me);
    const watcher = await watch(answering, session_id);
    watcher.answer(request_id, { decision: "allow_once" });
    await expect.poll(watcher.told).toEqual([{ kind: "permission_answered", request_id, error: null }]);
    watcher.answer(request_id, { decision: "deny" });
    await expect.poll(() => watcher.told()[1]).toMatchObject({ error: { code: "permission_answered" } });
    await expect.poll(() => watcher.frames.some(({ event }) => event?.type === "permission_resolved")).toBe(true);
    expect((await viewOf(me, session_id, request_id)).settled).toMatchObject({
      decided_by: "socket",
      user_id: me.user_id,
    });
    watcher.socket.close(1000);
  });

  it("may not any more once its person has left the team, though the socket is still open [permissions.socket]", async () => {
    const { session_id, request_id } = await askPerson(me);
    const watcher = await watch(answering, session_id);
    const left = await env.DB.prepare("delete from memberships where user_id = ? returning *").bind(me.user_id).first();
    const rejoin = env.DB.prepare("insert into memberships (team_id, user_id, role, created_at) values (?, ?, ?, ?)");
    try {
      watcher.answer(request_id, { decision: "allow_once" });
      await expect.poll(watcher.told).toMatchObject([{ request_id, error: { code: "session_not_found" } }]);
      await expect.poll(() => watcher.socket.readyState).not.toBe(1);
    } finally {
      await rejoin.bind(left!["team_id"], left!["user_id"], left!["role"], left!["created_at"]).run();
    }
    expect((await viewOf(me, session_id, request_id)).settled).toBeNull();
  });

  it("may not with a token that only watches, and a ticket opens no socket at all [permissions.socket]", async () => {
    const { session_id, request_id } = await askPerson(me);
    const watcher = await watch(token, session_id);
    watcher.answer(request_id, { decision: "allow_once" });
    await expect.poll(watcher.told).toMatchObject([{ error: { code: "insufficient_scope" } }]);
    watcher.answer(request_id, { decision: "allow_always" });
    await expect.poll(() => watcher.socket.readyState).not.toBe(1);
    const link = structuredOf(
      await readRpc(await callModern(token, "tools/call", { name: "create_watch_link", arguments: { session_id } })),
    );
    const ticket = new URL((link as { url: string }).url).searchParams.get("ticket") ?? "";
    const opened = await send(`/watch/${session_id}?ticket=${ticket}`, { headers: { upgrade: "websocket" } });
    expect(opened.webSocket).toBeNull();
    await opened.body?.cancel();
    const page = await send(`/consent/${session_id}/${request_id}?ticket=${ticket}`);
    expect(page.status).toBe(303);
    expect((await viewOf(me, session_id, request_id)).settled).toBeNull();
    expect(await eventsOf(session_id, "permission_resolved")).toEqual([]);
  });
});

describe("the tools for rules", () => {
  const tool = async (name: string, args: object) => {
    const by = (await signIn(["configuration:read", "configuration:write", "projects:write"])).access_token;
    return readRpc(await callModern(by, "tools/call", { name, arguments: args }, { query: "?toolsets=all" }));
  };

  it("show, change and explain them; what widens is proposed, and a call is explained by the rule that decides [permissions.tools]", async () => {
    const forbidding = { policy: { forbidden: ["Bash(rm *)"], user_consent: ["WebFetch"] } };
    const set = await tool("update_permission_policy", { scope: "team", ...forbidding });
    expect(structuredOf(set)).toMatchObject({ outcome: "applied" });
    const shown = await tool("get_permission_policy", { scope: "team" });
    expect(structuredOf(shown)).toMatchObject({ policy: { auto_approved: [], forbidden: ["Bash(rm *)"] } });
    expect(Object.keys((structuredOf(shown) as { ready_made: object }).ready_made)).toEqual([
      "read_only",
      "standard",
      "autonomous_in_sandbox",
    ]);
    const input = { command: "cd src && rm -r old" };
    expect(structuredOf(await tool("explain_permission", { tool: "Bash", input }))).toMatchObject({
      behavior: "deny",
      rule: "Bash(rm *)",
      scope: "team",
      reason: expect.stringContaining("The team's rule Bash(rm *)"),
    });
    const wider = await tool("update_permission_policy", { scope: "team", ready_made: "autonomous_in_sandbox" });
    expect(structuredOf(wider)).toMatchObject({
      outcome: "proposed",
      confirm_url: expect.stringContaining("/proposals/"),
    });
    expect(structuredOf(await tool("explain_permission", { tool: "Bash", input }))).toMatchObject({ behavior: "deny" });
    for (const wrong of [{}, { ...forbidding, ready_made: "standard" }, { policy: { forbidden: ["Bash(a && b)"] } }]) {
      expect((await tool("update_permission_policy", { scope: "team", ...wrong })).result?.isError).toBe(true);
    }
  });
});

describe("a proposal's page", () => {
  async function propose(): Promise<string> {
    const by = (await signIn(["configuration:write"])).access_token;
    const args = { scope: "user", policy: { auto_approved: [`Bash(echo ${newId()})`] } };
    const call = { name: "update_permission_policy", arguments: args };
    const answer = structuredOf(
      await readRpc(await callModern(by, "tools/call", call, { query: "?toolsets=configuration" })),
    );
    return new URL((answer as { confirm_url: string }).confirm_url).pathname;
  }
  const decide = async (path: string, decision: string, by = cookie) => {
    const { formToken } = await openPage(path, by);
    return sendForm(path, { form_token: formToken, decision }, { cookie: by });
  };
  const stateOf = async (path: string) =>
    (
      await env.DB.prepare("select state from proposals where id = ?")
        .bind(path.split("/")[2])
        .first<{ state: string }>()
    )?.state;

  it("shows what would change, where, who asked through which client, and decides nothing by being opened [proposals.page]", async () => {
    const path = await propose();
    expect((await send(path)).status).toBe(303);
    const { text, html, headers } = await openPage(path, cookie);
    expect(text).toMatch(
      /Let sessions do more\?.*Permission rules.*\+ .*Bash\(echo .*All your sessions.*Local developer.*Test &lt;client&gt;.*in 24 hours/,
    );
    expect(html).not.toMatch(/<script| on[a-z]+="/);
    expect(headers.get("content-security-policy")).toContain("form-action 'self'");
    expect(await stateOf(path)).toBe("open");
  });

  it("confirms or refuses once, and says so to whoever comes later [proposals.page]", async () => {
    const [first, second] = [await propose(), await propose()];
    expect((await decide(first, "confirm")).status).toBe(303);
    expect((await openPage(first, cookie)).text).toMatch(/This was confirmed at .* It holds\./);
    // What it would have changed is not what it was any more.
    const { formToken } = await openPage(second, cookie);
    const stale = await readPage(await sendForm(second, { form_token: formToken, decision: "confirm" }, { cookie }));
    expect(stale).toMatchObject({ status: 409, text: expect.stringContaining("was changed meanwhile") });
    expect((await sendForm(second, { form_token: formToken, decision: "refuse" }, { cookie })).status).toBe(303);
    const again = await readPage(await sendForm(second, { form_token: formToken, decision: "confirm" }, { cookie }));
    expect(again).toMatchObject({ status: 409, text: expect.stringContaining("was refused already") });
    expect(await stateOf(second)).toBe("refused");
  });

  it("takes no answer from another person, without the page's form, or too late [proposals.page]", async () => {
    const path = await propose();
    const ada = await otherPerson(me);
    expect(await openPage(path, ada.cookie)).toMatchObject({
      status: 404,
      text: expect.stringContaining("no such proposal for you"),
    });
    expect((await sendForm(path, { decision: "confirm" }, { cookie })).status).toBe(403);
    const { formToken } = await openPage(path, cookie);
    await env.DB.prepare("update proposals set expires_at = ? where id = ?")
      .bind(new Date(0).toISOString(), path.split("/")[2])
      .run();
    expect((await openPage(path, cookie)).text).toContain("This has expired: nothing was changed");
    const late = await readPage(await sendForm(path, { form_token: formToken, decision: "confirm" }, { cookie }));
    expect(late).toMatchObject({ status: 409, text: expect.stringContaining("too old") });
    expect(await stateOf(path)).toBe("open");
  });
});

describe("a project's ceiling", () => {
  it("shows in what a client is told: the mode that the turn and the session will have [tools.ceiling]", async () => {
    const scopes = ["sessions:read", "sessions:write", "projects:write", "configuration:read", "configuration:write"];
    const by = (await signIn(scopes)).access_token;
    const call = async (name: string, args: object) =>
      structuredOf(
        await readRpc(await callModern(by, "tools/call", { name, arguments: args }, { query: "?toolsets=all" })),
      ) as { permission_mode: string; notes: string[]; session_id: string; outcome: string };
    const prompt = { project: "capped", prompt: "Hi", wait_seconds: 0 };
    await call("create_project", { name: "capped" });
    const { session_id, ...before } = await call("execute_claude", prompt);
    expect(before).toMatchObject({ permission_mode: "acceptEdits", notes: [] });
    const value = { permission_mode: "plan" };
    const set = await call("update_config", { scope: "project", project: "capped", kind: "ceiling", value });
    expect(set).toMatchObject({ outcome: "applied" });

    const unasked = await call("execute_claude", prompt);
    expect(unasked).toMatchObject({ permission_mode: "plan", notes: [] });
    const asked = await call("execute_claude", { ...prompt, session_id, permission_mode: "acceptEdits" });
    expect(asked).toMatchObject({
      permission_mode: "plan",
      notes: ["permission_mode acceptEdits was cut to plan, the ceiling that a person set."],
    });
    const mode = await call("set_session_permission_mode", { session_id, permission_mode: "default" });
    expect(mode).toMatchObject({
      permission_mode: "plan",
      notes: ["permission_mode default was cut to plan, the ceiling that a person set."],
    });
  });
});
