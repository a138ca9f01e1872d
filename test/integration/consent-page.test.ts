// The page for consent through the real edge: who may answer, what is shown, and that each answer counts once.
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { Principal } from "../../src/shared/teams/principal.ts";
import {
  askPerson,
  BASE,
  eventsOf,
  evict,
  localPerson,
  openPage,
  otherPerson,
  readPage,
  sendForm,
  signInBrowser,
  viewOf,
} from "./consent-fixture.ts";
import { send } from "./oauth-client.ts";
import { newId } from "./session-fixture.ts";

let me: Principal;
let cookie = "";
beforeAll(async () => {
  me = await localPerson();
  cookie = await signInBrowser();
});

const answer = async (path: string, fields: Record<string, string | string[]>, by = cookie) => {
  const { formToken } = await openPage(path, by);
  return sendForm(path, { form_token: formToken, ...fields }, { cookie: by });
};

describe("signing in with a browser", () => {
  it("takes the code, and gives a cookie that no script reads and no other site sends [permissions.browser]", async () => {
    const next = `/consent/${newId()}/${newId()}`;
    const wrong = await sendForm("/sign-in", { code: "WRONG-CODE", next });
    expect(wrong.status).toBe(403);
    expect(wrong.headers.get("set-cookie")).toBeNull();
    const right = await sendForm("/sign-in", { code: "TEST-CODE-0000", next });
    expect(right.headers.get("location")).toBe(next);
    expect(right.headers.get("set-cookie")).toMatch(
      /^berth_session=[A-Za-z0-9_-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Lax$/,
    );
    const rows = await env.DB.prepare("select sha256 from browser_sessions").all<{ sha256: string }>();
    const token = /=([^;]+)/.exec(right.headers.get("set-cookie") ?? "")?.[1] ?? "";
    expect(JSON.stringify(rows.results)).not.toContain(token);
  });

  it.each([
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "/consent/../authorize",
    "/authorize",
    "/consent/a/b?x=1",
  ])("leads to no page but ours afterwards: not to %s [permissions.browser]", async (next) => {
    const response = await sendForm("/sign-in", { code: "TEST-CODE-0000", next });
    expect(response.headers.get("location")).toBe("/sign-in/done");
  });

  it("ends with signing out, which takes the page's own form, and after its time [permissions.browser]", async () => {
    const mine = await signInBrowser();
    const { html } = await openPage("/sign-in/done", mine);
    const token = /name="form_token" value="([^"]+)"/.exec(html)?.[1] ?? "";
    expect((await sendForm("/sign-out", { form_token: "x" }, { cookie: mine })).headers.get("set-cookie")).toBeNull();
    expect((await openPage("/sign-in/done", mine)).status).toBe(200);
    const out = await sendForm("/sign-out", { form_token: token }, { cookie: mine });
    expect(out.headers.get("set-cookie")).toMatch(/^berth_session=; Max-Age=0/);
    expect((await openPage("/sign-in/done", mine)).status).toBe(303);
    const old = await signInBrowser();
    await env.DB.prepare("update browser_sessions set expires_at_ms = ?")
      .bind(Date.now() - 1)
      .run();
    expect((await openPage("/sign-in/done", old)).status).toBe(303);
    cookie = await signInBrowser();
  });

  it("is nobody's whose cookie was set twice: another one could have been put there [permissions.browser]", async () => {
    expect((await openPage("/sign-in/done", `${cookie}; berth_session=${"a".repeat(43)}`)).status).toBe(303);
  });
});

describe("the link", () => {
  it("is no right: whoever is not signed in is sent to sign in, learns nothing, and changes nothing [permissions.link]", async () => {
    const { session_id, request_id, path } = await askPerson(me);
    for (const method of ["GET", "POST"]) {
      const body = method === "POST" ? { body: new URLSearchParams({ decision: "allow_once" }) } : {};
      const response = await send(path, { method, ...body });
      expect(response.status).toBe(303);
      expect(response.headers.get("location")).toBe(`/sign-in?next=${encodeURIComponent(path)}`);
      expect(await response.text()).toBe("");
    }
    expect((await viewOf(me, session_id, request_id)).settled).toBeNull();
  });

  it("of another person does nothing and says so, whoever it is [permissions.link]", async () => {
    const { session_id, request_id, path } = await askPerson(me);
    const ada = await otherPerson(me);
    const seen = await openPage(path, ada.cookie);
    expect(seen).toMatchObject({ status: 404, text: expect.stringContaining("another person's session, or of none") });
    expect(seen.html).not.toContain("npm test");
    const own = await askPerson(ada.principal);
    const { formToken } = await openPage(own.path, ada.cookie);
    expect(formToken).not.toBe("");
    const sent = await sendForm(path, { form_token: formToken, decision: "allow_once" }, { cookie: ada.cookie });
    expect(sent.status).toBe(404);
    expect((await viewOf(me, session_id, request_id)).settled).toBeNull();
    for (const nothing of [`/consent/${session_id}/${newId()}`, `/consent/${newId()}/${request_id}`, "/consent/a/b"]) {
      expect((await openPage(nothing, cookie)).status).toBe(404);
    }
  });

  it("takes no form from elsewhere: without this browser's token, or from a foreign page [permissions.link]", async () => {
    const { session_id, request_id, path } = await askPerson(me);
    const { formToken } = await openPage(path, cookie);
    const others = (await openPage(path, await signInBrowser())).formToken;
    const decision = "allow_once";
    const forged = [
      sendForm(path, { decision }, { cookie }),
      sendForm(path, { decision, form_token: others }, { cookie }),
      sendForm(path, { decision, form_token: formToken }, { cookie, "sec-fetch-site": "cross-site" }),
      sendForm(path, { decision, form_token: formToken }, { cookie, "sec-fetch-site": "same-site" }),
      send(path, { method: "POST", headers: { cookie, "content-type": "application/json" }, body: "{}" }),
    ];
    for (const response of await Promise.all(forged)) expect(response.status).toBe(403);
    expect((await viewOf(me, session_id, request_id)).settled).toBeNull();
  });

  it("that is used says who answered what, and takes nothing more, also after the object left memory [permissions.link]", async () => {
    const { session_id, request_id, path } = await askPerson(me);
    const { formToken } = await openPage(path, cookie);
    const first = await sendForm(path, { form_token: formToken, decision: "allow_once" }, { cookie });
    expect([first.status, first.headers.get("location")]).toEqual([303, path]);
    await evict(session_id);
    const second = await readPage(await sendForm(path, { form_token: formToken, decision: "deny" }, { cookie }));
    expect(second).toMatchObject({ status: 409, text: expect.stringContaining("was answered before: allowed") });
    const page = await openPage(path, cookie);
    expect(page.text).toMatch(/You answered this on this page at .* UTC: allowed once\./);
    expect(page.html).not.toContain('name="decision"');
    expect((await viewOf(me, session_id, request_id)).settled).toMatchObject({ behavior: "allow", decided_by: "page" });
    expect(await eventsOf(session_id, "permission_resolved")).toHaveLength(1);
  });

  it("of two answers at once takes one [permissions.link]", async () => {
    const { session_id, path } = await askPerson(me);
    const { formToken } = await openPage(path, cookie);
    const decisions = ["allow_once", "deny", "allow_session", "deny"];
    const answers = decisions.map((decision) => sendForm(path, { form_token: formToken, decision }, { cookie }));
    const statuses = (await Promise.all(answers)).map(({ status }) => status).sort((a, b) => a - b);
    expect(statuses).toEqual([303, 409, 409, 409]);
    expect(await eventsOf(session_id, "permission_resolved")).toHaveLength(1);
  });

  it("that has expired does nothing and says so [permissions.link] [permissions.timeout]", async () => {
    const { session_id, request_id, path } = await askPerson(me, { expires_at_ms: Date.now() + 1_500 });
    const { formToken } = await openPage(path, cookie);
    await new Promise((resolve) => setTimeout(resolve, 1_600));
    const late = await readPage(await sendForm(path, { form_token: formToken, decision: "allow_once" }, { cookie }));
    expect(late).toMatchObject({ status: 410, text: expect.stringContaining("This answer changed nothing") });
    expect((await openPage(path, cookie)).text).toContain("This has expired: nobody answered until");
    const { settled } = await viewOf(me, session_id, request_id);
    expect(settled).toMatchObject({ behavior: "deny", decided_by: "timeout", user_id: null });
  });
});

describe("the page", () => {
  it("shows exactly what is asked, where, by whom, why and until when; looking changes nothing [permissions.page]", async () => {
    const { session_id, request_id, path } = await askPerson(me);
    for (let look = 0; look < 2; look++) {
      const { status, text, html, headers } = await openPage(path, cookie);
      expect(status).toBe(200);
      for (const said of [
        "May Claude run this command?",
        "npm test",
        "Run the tests",
        "shop",
        "branch main",
        session_id,
        "Local developer",
        "acceptEdits",
        "in 10 minutes",
        "Bash(npm test)",
      ]) {
        expect(text).toContain(said);
      }
      expect(html).not.toMatch(/<script| on[a-z]+="|style="/);
      const csp = headers.get("content-security-policy") ?? "";
      expect(csp).toMatch(
        /^default-src 'none'; style-src 'nonce-[^']+'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/,
      );
      expect(headers.get("cache-control")).toBe("no-store");
      expect(headers.get("x-frame-options")).toBe("DENY");
    }
    expect((await viewOf(me, session_id, request_id)).settled).toBeNull();
  });

  it("shows what would hide: other directions, no width, foreign spaces, and markup as text [permissions.page]", async () => {
    const command = "echo \u202Eolleh\u202C; rm\u200B -r\u00A0src <b>x</b> \u0007";
    const { path } = await askPerson(me, { tool_input: { command } });
    const { html } = await openPage(path, cookie);
    expect(html).toContain("echo ⟨U+202E⟩olleh⟨U+202C⟩; rm⟨U+200B⟩ -r⟨U+00A0⟩src &lt;b&gt;x&lt;/b&gt; ⟨U+0007⟩");
  });

  it("shows the change of an edit line by line, a written file whole, and fields that it does not know [permissions.page]", async () => {
    const edit = {
      file_path: "/workspace/a.ts",
      old_string: "one\ntwo\nthree",
      new_string: "one\n2\nthree",
      odd_field: 7,
    };
    const edited = await openPage((await askPerson(me, { tool_name: "Edit", tool_input: edit })).path, cookie);
    expect(edited.html).toMatch(
      /class="same"> {2}one\n<\/span><span class="gone">- two\n<\/span><span class="new">\+ 2\n<\/span>/,
    );
    expect(edited.text).toMatch(/\/workspace\/a\.ts.*odd_field": 7/);
    const write = { file_path: "/workspace/b.ts", content: "first\nlast" };
    const written = await openPage((await askPerson(me, { tool_name: "Write", tool_input: write })).path, cookie);
    expect(written.text).toMatch(/May Claude write this file\?.*\/workspace\/b\.ts.*\+ first.*\+ last/);
    const other = { tool_name: "mcp__shop__order", tool_input: { item: "tea", nested: { count: 3 } } };
    const called = await openPage((await askPerson(me, other)).path, cookie);
    expect(called.text).toMatch(/May Claude use mcp__shop__order\?.*"item": "tea".*"count": 3/);
  });

  it("lets nobody agree to what it cannot show whole [permissions.page]", async () => {
    const tool_input = { command: "echo [… 300000 more characters]" };
    const { session_id, request_id, path } = await askPerson(me, { tool_input });
    const { text, html } = await openPage(path, cookie);
    expect(text).toContain("too long to be shown whole");
    expect(html).not.toContain('value="allow_once"');
    expect((await answer(path, { decision: "allow_once" })).status).toBe(400);
    expect((await viewOf(me, session_id, request_id)).settled).toBeNull();
  });

  it("denies with a message to Claude [permissions.answer]", async () => {
    const { session_id, request_id, path } = await askPerson(me);
    await answer(path, { decision: "deny", message: "Run the small tests alone." });
    expect((await viewOf(me, session_id, request_id)).settled).toMatchObject({
      behavior: "deny",
      message: "Run the small tests alone.",
      user_id: me.user_id,
    });
  });

  it("allows always: the rule becomes the person's own, beside those that are there [permissions.always]", async () => {
    for (const rule of ["Bash(npm test)", "Bash(npm run lint)"]) {
      const { path } = await askPerson(me, { always_rule: rule, session_rule: rule });
      expect((await answer(path, { decision: "allow_always" })).status).toBe(303);
      expect((await openPage(path, cookie)).text).toContain(
        `allowed always, in all your projects, by the rule ${rule}`,
      );
    }
    const item = await env.DB.prepare(
      "select value from configuration_items where scope = 'user' and scope_id = ? and kind = 'policy'",
    )
      .bind(me.user_id)
      .first<{ value: string }>();
    expect(JSON.parse(item!.value)).toEqual({
      auto_approved: ["Bash(npm test)", "Bash(npm run lint)"],
      user_consent: [],
      forbidden: [],
    });
    const none = await askPerson(me, { always_rule: null });
    expect((await openPage(none.path, cookie)).html).not.toContain('value="allow_always"');
    expect((await answer(none.path, { decision: "allow_always" })).status).toBe(400);
  });

  it("asks Claude's questions with their options, and passes on what was chosen [permissions.questions]", async () => {
    const questions = [
      {
        question: "Which store?",
        header: "Store",
        multiSelect: false,
        options: [
          { label: "D1", description: "rows" },
          { label: "KV", description: "keys" },
        ],
      },
      {
        question: "Which extras?",
        header: "More",
        multiSelect: true,
        options: [
          { label: "A", description: "" },
          { label: "B", description: "" },
        ],
      },
    ];
    const asked = {
      kind: "question",
      tool_name: "AskUserQuestion",
      tool_input: { questions },
      always_rule: null,
    } as const;
    const { session_id, request_id, path } = await askPerson(me, asked);
    expect((await openPage(path, cookie)).text).toMatch(
      /Claude asks you something.*Which store\?.*D1 rows.*KV keys.*Which extras\?/,
    );
    expect((await answer(path, { decision: "answer", option_0: "1" })).status).toBe(400);
    expect(
      (await answer(path, { decision: "answer", option_0: "1", option_1: ["0", "1"], other_1: "and C" })).status,
    ).toBe(303);
    expect((await viewOf(me, session_id, request_id)).settled).toMatchObject({ behavior: "allow" });
    const kept = await env.SESSION.getByName(session_id).getPermission(me, request_id);
    expect(kept.ok).toBe(true);
  });

  it("asks what an MCP server asks, and a plan as a plan [permissions.questions]", async () => {
    const requested_schema = {
      properties: { name: { type: "string", title: "Your name" }, sure: { type: "boolean" } },
      required: ["name"],
    };
    const form = {
      kind: "elicitation",
      tool_name: "files",
      tool_input: { message: "Who are you?", requested_schema },
    } as const;
    const elicited = await askPerson(me, form);
    expect((await openPage(elicited.path, cookie)).text).toMatch(
      /The MCP server files asks you something.*Who are you\?.*Your name/,
    );
    expect((await answer(elicited.path, { decision: "answer", field_name: "" })).status).toBe(400);
    expect((await answer(elicited.path, { decision: "answer", field_name: "Ada", field_sure: "true" })).status).toBe(
      303,
    );
    const planned = await askPerson(me, {
      kind: "plan",
      tool_name: "ExitPlanMode",
      tool_input: { plan: "1. Look\n2. Act" },
    });
    expect((await openPage(planned.path, cookie)).text).toMatch(/May Claude carry out its plan\?.*1\. Look 2\. Act/);
    expect((await answer(planned.path, { decision: "allow_once" })).status).toBe(303);
  });

  it("belongs to no team that the person has left [permissions.link]", async () => {
    const ada = await otherPerson(me);
    const own = await askPerson(ada.principal);
    expect((await openPage(own.path, ada.cookie)).status).toBe(200);
    await env.DB.prepare("delete from memberships where user_id = ?").bind(ada.principal.user_id).run();
    expect((await openPage(own.path, ada.cookie)).status).toBe(303);
    expect(BASE).toBe("http://localhost:8787");
  });
});
