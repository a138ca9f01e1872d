// A session with a permission request in it, and browsers of people who may or may not answer it, all through the real edge.
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { createPermissionBook, type NewRequest } from "../../src/durable-objects/permissions/permission-book.ts";
import { createEventStore } from "../../src/durable-objects/events/event-store.ts";
import { systemClock } from "../../src/durable-objects/clock.ts";
import type { PermissionRequestView } from "../../src/shared/permissions/permission-request.ts";
import type { Answer } from "../../src/shared/errors/app-error.ts";
import type { SessionEvent } from "../../src/shared/events/event.ts";
import type { Principal } from "../../src/shared/teams/principal.ts";
import { sha256Hex } from "../../src/worker/attachments/upload-ticket.ts";
import { BASE, send, SIGN_IN_CODE } from "./oauth-client.ts";
import { newId } from "./session-fixture.ts";

const session = (id: string) => env.SESSION.getByName(id);

/** The local developer, as the first sign-in makes them. */
export async function localPerson(): Promise<Principal> {
  await signInBrowser();
  const row = await env.DB.prepare(
    "select m.team_id, m.user_id from memberships m join users u on u.id = m.user_id where u.kind = 'local'",
  ).first<Principal>();
  return { ...row!, role: "owner" };
}

/** Somebody else of the same team, signed in with a browser of theirs. */
export async function otherPerson(me: Principal): Promise<{ principal: Principal; cookie: string }> {
  const [user_id, token] = [newId(), "t".repeat(43)];
  const now = new Date().toISOString();
  const sha256 = await sha256Hex(Uint8Array.from(new TextEncoder().encode(token)));
  await env.DB.batch([
    env.DB.prepare("delete from browser_sessions where sha256 = ?").bind(sha256),
    env.DB.prepare("insert into users (id, kind, display_name, created_at) values (?, 'other', 'Ada', ?)").bind(
      user_id,
      now,
    ),
    env.DB.prepare("insert into memberships (team_id, user_id, role, created_at) values (?, ?, 'member', ?)").bind(
      me.team_id,
      user_id,
      now,
    ),
    env.DB.prepare(
      "insert into browser_sessions (sha256, user_id, created_at_ms, expires_at_ms) values (?, ?, 0, ?)",
    ).bind(sha256, user_id, Date.now() + 60_000),
  ]);
  return { principal: { team_id: me.team_id, user_id, role: "member" }, cookie: `berth_session=${token}` };
}

/** Types the code on the page, and gives the browser's cookie. */
export async function signInBrowser(): Promise<string> {
  const response = await sendForm("/sign-in", { code: SIGN_IN_CODE });
  expect(response.status).toBe(303);
  return (response.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
}

export function sendForm(
  path: string,
  fields: Record<string, string | string[]>,
  headers: Record<string, string> = {},
) {
  const form = new URLSearchParams();
  for (const [name, values] of Object.entries(fields)) for (const value of [values].flat()) form.append(name, value);
  const type = { "content-type": "application/x-www-form-urlencoded" };
  return send(path, { method: "POST", headers: { ...type, ...headers }, body: form.toString() });
}

export type Page = { status: number; html: string; text: string; formToken: string; headers: Headers };

export async function openPage(path: string, cookie: string): Promise<Page> {
  const response = await send(path, { headers: { cookie } });
  return readPage(response);
}

export async function readPage(response: Response): Promise<Page> {
  const html = await response.text();
  const form = html.slice(html.indexOf("<h1"));
  const formToken = /name="form_token" value="([^"]+)"/.exec(form)?.[1] ?? "";
  const text = html
    .replaceAll(/<style[\s\S]*?<\/style>|<[^>]+>/g, " ")
    .replaceAll(/\s+/g, " ")
    .replaceAll("&#39;", "'")
    .replaceAll("&quot;", '"');
  return { status: response.status, html, text, formToken, headers: response.headers };
}

/** A session at rest with one request that waits, as its object keeps it. */
export async function askPerson(principal: Principal, wish: Partial<NewRequest> = {}) {
  const session_id = newId();
  const submitted = await session(session_id).submit({
    principal,
    session_id,
    must_exist: false,
    project: { project_id: newId(), name: "shop", workspace_id: newId(), branch: "main", git_url: null },
    prompt: "Tidy up the shop",
    options: { timeout_seconds: 60 },
    ceiling: { permission_mode: "acceptEdits" },
    idempotency_key: null,
    if_busy: "queue",
  });
  expect(submitted.ok).toBe(true);
  const request: NewRequest = {
    request_id: newId(),
    turn_id: newId(),
    kind: "tool",
    tool_name: "Bash",
    tool_use_id: "toolu_1",
    permission_mode: "acceptEdits",
    tool_input: { command: "npm test", description: "Run the tests" },
    call_sha256: "0".repeat(64),
    cwd: "/workspace",
    reason: "The permission mode acceptEdits asks a person before this Bash call.",
    rule: null,
    rule_scope: null,
    always_rule: "Bash(npm test)",
    session_rule: "Bash(npm test)",
    requested_at: new Date().toISOString(),
    expires_at_ms: Date.now() + 600_000,
    ...wish,
  };
  await addRequest(session_id, request);
  return { session_id, request_id: request.request_id, path: `/consent/${session_id}/${request.request_id}` };
}

export async function addRequest(session_id: string, request: NewRequest): Promise<void> {
  await runInDurableObject(session(session_id), (_object, state) => {
    const events = createEventStore(state.storage.sql, systemClock);
    createPermissionBook(state.storage.sql, events, systemClock, () => {}).add(request);
  });
}

export async function viewOf(
  principal: Principal,
  session_id: string,
  request_id: string,
): Promise<PermissionRequestView> {
  const found = (await session(session_id).getPermission(principal, request_id)) as Answer<PermissionRequestView>;
  if (!found.ok) throw new Error(found.error.message);
  return found.value;
}

export async function eventsOf(session_id: string, type: string): Promise<SessionEvent[]> {
  return runInDurableObject(session(session_id), (_object, state) => {
    const events = createEventStore(state.storage.sql, systemClock);
    return events.page(0, { maxEvents: 500, maxBytes: 1_000_000 }).filter((event) => event.type === type);
  });
}

export const evict = (session_id: string) => evictDurableObject(session(session_id));
export { BASE };
