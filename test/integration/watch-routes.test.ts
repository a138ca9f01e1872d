import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { createEventStore } from "../../src/durable-objects/events/event-store.ts";
import { isCreated } from "../../src/durable-objects/sql/migrate.ts";
import type { Answer } from "../../src/shared/errors/app-error.ts";
import type { SessionView } from "../../src/shared/rpc/session-api.ts";
import type { Principal } from "../../src/shared/teams/principal.ts";
import { SOCKET_PING, SOCKET_PONG } from "../../src/shared/watching/frames.ts";
import { readSse } from "../support/read-sse.ts";
import { callModern, readRpc, send, signIn, structuredOf } from "./oauth-client.ts";
import { newId } from "./session-fixture.ts";

let token = "";
let me: Principal;
beforeAll(async () => {
  token = (await signIn()).access_token;
  const row = await env.DB.prepare("select team_id, user_id from memberships").first<Principal>();
  me = { ...row!, role: "owner" };
});

const upTo = (last: number, from = 1) => Array.from({ length: last - from + 1 }, (_, index) => from + index);
const bearer = (extra: Record<string, string> = {}) => ({ headers: { authorization: `Bearer ${token}`, ...extra } });
const streamOf = (id: string, query = "", headers = {}) => send(`/mcp/sessions/${id}/events${query}`, bearer(headers));
const socketOf = (id: string, query = "") =>
  send(`/mcp/sessions/${id}/socket${query}`, bearer({ upgrade: "websocket" }));
const session = (id: string) => env.SESSION.getByName(id);

/** A session whose sandbox does not start: its turn fails by itself, with a few events. */
async function startSession(principal = me): Promise<string> {
  const id = newId();
  await prompt(id, false, principal);
  return id;
}

async function prompt(session_id: string, must_exist: boolean, principal = me): Promise<void> {
  const project = { project_id: newId(), name: "p", workspace_id: newId(), branch: "main", git_url: null };
  const submitted = await session(session_id).submit({
    principal,
    session_id,
    must_exist,
    project: must_exist ? null : project,
    prompt: "hi",
    options: { timeout_seconds: 60 },
    ceiling: { permission_mode: "acceptEdits" },
    idempotency_key: null,
    if_busy: "queue",
  });
  expect(submitted.ok).toBe(true);
  await expect.poll(async () => (await view(session_id, principal)).session.status, { timeout: 20_000 }).toBe("idle");
}

async function view(id: string, principal = me) {
  const answer = (await session(id).getSession(principal)) as Answer<SessionView>;
  if (!answer.ok) throw new Error(answer.error.message);
  return answer.value;
}

async function refusal(response: Response): Promise<unknown> {
  const { error } = await response.json<{ error: { code: string } }>();
  return { status: response.status, code: error.code };
}

/** Events that no one was told about yet, as an object leaves them that went away right after storing. */
async function storeQuietly(id: string, count: number, data = {}): Promise<number> {
  return runInDurableObject(session(id), (_object, state) => {
    const events = createEventStore(state.storage.sql, { nowIso: () => new Date().toISOString() } as never);
    for (let index = 0; index < count; index++) {
      events.append({ type: "hook_executed", turn_id: null, data: { index, ...data } });
    }
    return events.cursor();
  });
}

function watchSocket(response: Response) {
  const socket = response.webSocket!;
  const frames: any[] = [];
  const closed: number[] = [];
  socket.addEventListener("message", ({ data }) => frames.push(JSON.parse(data as string)));
  socket.addEventListener("close", ({ code }) => closed.push(code));
  socket.accept();
  const seqs = () => frames.filter((frame) => frame.kind === "event").map((frame) => frame.event.seq as number);
  return { socket, frames, closed, seqs };
}

describe("GET /mcp/sessions/:id/events", () => {
  it("replays from Last-Event-ID or ?after and goes on live [watching.stream]", async () => {
    const id = await startSession();
    const { cursor } = (await view(id)).session;
    const response = await streamOf(id);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    expect(response.headers.get("cache-control")).toContain("no-store");
    const watch = readSse(response.body!);
    expect((await watch.until((message) => message.id === cursor)).map((message) => message.id)).toEqual(upTo(cursor));
    await prompt(id, true);
    const later = (await view(id)).session.cursor;
    expect((await watch.until((message) => message.id === later))[0]?.id).toBe(cursor + 1);
    await watch.cancel();

    for (const resumed of [await streamOf(id, "?after=1", { "last-event-id": "2" }), await streamOf(id, "?after=2")]) {
      const again = readSse(resumed.body!);
      expect((await again.next())?.id).toBe(3);
      await again.cancel();
    }
  });

  it("ends with the session [watching.end]", async () => {
    const id = await startSession();
    await session(id).end(me);
    const { cursor } = (await view(id)).session;
    const messages = await readSse((await streamOf(id)).body!).until(() => false);
    expect(messages.at(-1)).toMatchObject({ id: null, type: "end", data: { cursor, status: "ended" } });
    expect(messages.slice(0, -1).map((message) => message.id)).toEqual(upTo(cursor));
  });

  it.each(["-1", "x", "1.5", "9999999999999999"])(
    "answers the cursor %j with 400 [watching.cursor]",
    async (cursor) => {
      const id = await startSession();
      const bad = { status: 400, code: "invalid_argument" };
      expect(await refusal(await streamOf(id, `?after=${cursor}`))).toEqual(bad);
      expect(await refusal(await streamOf(id, "", { "last-event-id": cursor }))).toEqual(bad);
      expect(await refusal(await socketOf(id, `?after=${cursor}`))).toEqual(bad);
    },
  );

  it("answers a cursor of the future with 400, over both ways [watching.cursor]", async () => {
    const id = await startSession();
    const bad = { status: 400, code: "invalid_argument" };
    expect(await refusal(await streamOf(id, "?after=1000"))).toEqual(bad);
    expect(await refusal(await socketOf(id, "?after=1000"))).toEqual(bad);
  });

  it("shows a stranger what it shows of a session that does not exist, and makes none [watching.rights]", async () => {
    const theirs = await startSession({ user_id: newId(), team_id: newId(), role: "owner" });
    const unknown = newId();
    const missing = { status: 404, code: "session_not_found" };
    for (const id of [theirs, unknown]) {
      expect(await refusal(await streamOf(id))).toEqual(missing);
      expect(await refusal(await socketOf(id))).toEqual(missing);
    }
    await runInDurableObject(session(unknown), (_object, state) => expect(isCreated(state.storage.sql)).toBe(false));
    expect((await streamOf("not-an-id")).status).toBe(404);
  });

  it("asks for a token, for the scope, for membership and for the own origin [watching.rights]", async () => {
    const id = await startSession();
    for (const last of ["events", "socket"]) {
      const path = `/mcp/sessions/${id}/${last}`;
      const upgrade = { upgrade: "websocket" };
      const none = await send(path, { headers: upgrade });
      expect(none.status).toBe(401);
      expect(none.headers.get("www-authenticate")).toContain("resource_metadata");
      const narrow = (await signIn(["projects:read"])).access_token;
      const refused = await send(path, { headers: { authorization: `Bearer ${narrow}`, ...upgrade } });
      expect(refused.status).toBe(403);
      expect(refused.headers.get("www-authenticate")).toContain("sessions:read");
      const foreign = await send(path, bearer({ ...upgrade, origin: "https://evil.example" }));
      expect(await refusal(foreign)).toEqual({ status: 403, code: "origin_not_allowed" });
    }
    const { results } = await env.DB.prepare("delete from memberships returning *").all<Record<string, string>>();
    expect(await refusal(await streamOf(id))).toEqual({ status: 403, code: "insufficient_scope" });
    for (const { team_id, user_id, role, created_at } of results) {
      const insert = env.DB.prepare("insert into memberships (team_id, user_id, role, created_at) values (?, ?, ?, ?)");
      await insert.bind(team_id, user_id, role, created_at).run();
    }
  });
});

describe("GET /mcp/sessions/:id/socket", () => {
  it("says what it takes when it is asked without an upgrade [watching.socket]", async () => {
    const id = await startSession();
    const plain = await send(`/mcp/sessions/${id}/socket`, bearer());
    expect(await refusal(plain)).toEqual({ status: 400, code: "invalid_argument" });
  });

  it("replays, goes on live, and answers a ping [watching.socket]", async () => {
    const id = await startSession();
    const watch = watchSocket(await socketOf(id, "?after=1"));
    await prompt(id, true);
    const { cursor } = (await view(id)).session;
    await expect.poll(() => watch.seqs()).toEqual(upTo(cursor, 2));
    watch.socket.send(SOCKET_PING);
    await expect.poll(() => watch.frames.at(-1)).toEqual(JSON.parse(SOCKET_PONG));
    watch.socket.close(1000);
  });

  it("goes on from its cursor after the object left memory, with what was stored meanwhile [watching.socket]", async () => {
    const id = await startSession();
    const first = (await view(id)).session.cursor;
    const [all, tail] = [watchSocket(await socketOf(id)), watchSocket(await socketOf(id, `?after=${first}`))];
    await expect.poll(() => all.seqs()).toEqual(upTo(first));
    all.socket.send(`{"kind":"cursor","seq":${first}}`);
    const stored = await storeQuietly(id, 5);
    await evictDurableObject(session(id));
    // Whatever wakes the object lets the sockets go on; here a question about the session.
    await view(id);
    await expect.poll(() => all.seqs()).toEqual(upTo(stored));
    await evictDurableObject(session(id));
    await prompt(id, true);
    const { cursor } = (await view(id)).session;
    await expect.poll(() => all.seqs()).toEqual(upTo(cursor));
    await expect.poll(() => tail.seqs()).toEqual(upTo(cursor, first + 1));
    await evictDurableObject(session(id));
    all.socket.send(`{"kind":"cursor","seq":${cursor}}`);
    await session(id).end(me);
    await expect.poll(() => all.frames.at(-1)).toMatchObject({ kind: "end", status: "ended" });
    await expect.poll(() => [all.closed, tail.closed]).toEqual([[1000], [1000]]);
  });

  it("counts what was under way before the object left memory [watching.socket] [watching.slow]", async () => {
    const id = await startSession();
    const first = await storeQuietly(id, 1);
    const watch = watchSocket(await socketOf(id, `?after=${first}`));
    await storeQuietly(id, 4, { x: "x".repeat(200_000) });
    await evictDurableObject(session(id));
    await view(id);
    await expect.poll(() => watch.seqs()).toEqual(upTo(first + 4, first + 1));
    await storeQuietly(id, 4, { x: "x".repeat(200_000) });
    await evictDurableObject(session(id));
    await view(id);
    // Five of 200 KB are within a window of 1 MB.
    await expect.poll(() => watch.seqs()).toEqual(upTo(first + 5, first + 1));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(watch.seqs().length).toBe(5);
    watch.socket.send(`{"kind":"cursor","seq":${first + 5}}`);
    await expect.poll(() => watch.seqs()).toEqual(upTo(first + 8, first + 1));
    watch.socket.close(1000);
  });

  it("leaves no trace in memory once everybody has gone [watching.socket]", async () => {
    const id = await startSession();
    const watch = watchSocket(await socketOf(id));
    await expect.poll(() => watch.seqs().length).toBeGreaterThan(0);
    watch.socket.close(1000, "done");
    await expect.poll(() => runInDurableObject(session(id), (_object, state) => state.getWebSockets().length)).toBe(0);
    await prompt(id, true);
  });
});

async function createLink(id: string): Promise<{ path: string; url: string; expires_at: string; ticket: string }> {
  const rpc = await callModern(token, "tools/call", { name: "create_watch_link", arguments: { session_id: id } });
  const { url, expires_at } = structuredOf(await readRpc(rpc)) as { url: string; expires_at: string };
  const { pathname, search, searchParams } = new URL(url);
  return { path: `${pathname}${search}`, url, expires_at, ticket: searchParams.get("ticket")! };
}

const asStream = { headers: { accept: "text/event-stream" } };
const refused = { status: 403, code: "watch_ticket_refused" };

describe("a link to watch", () => {
  it("opens one stream, without a token, and then nothing [watching.ticket]", async () => {
    const id = await startSession();
    const { path, url, expires_at } = await createLink(id);
    expect(url).toMatch(new RegExp(`^http://localhost:8787/watch/${id}\\?ticket=[\\w-]{43}$`));
    expect(Math.abs(Date.parse(expires_at) - Date.now() - 60_000)).toBeLessThan(5_000);
    const responses = await Promise.all([send(path, asStream), send(path, asStream)]);
    const statuses = responses.map((response) => response.status);
    expect(new Set(statuses)).toEqual(new Set([200, 403]));
    const opened = responses.find((response) => response.status === 200)!;
    expect(opened.headers.get("content-type")).toBe("text/event-stream");
    const watch = readSse(opened.body!);
    expect((await watch.next())?.id).toBe(1);
    await watch.cancel();
    expect(await refusal(await send(path, asStream))).toEqual(refused);
  });

  it("is kept as a hash alone, and is gone once it was used [watching.ticket]", async () => {
    const id = await startSession();
    const { path, ticket } = await createLink(id);
    const rows = () =>
      runInDurableObject(session(id), (_object, state) =>
        state.storage.sql.exec("SELECT * FROM watch_tickets").toArray(),
      );
    expect(await rows()).toHaveLength(1);
    expect(JSON.stringify(await rows())).not.toContain(ticket);
    await (await send(path, asStream)).body?.cancel();
    expect(await rows()).toEqual([]);
  });

  it("opens nothing when it has expired, is for another session, is made up or is missing [watching.ticket]", async () => {
    const [id, other] = [await startSession(), await startSession()];
    const { ticket } = await createLink(id);
    const tickets = [`?ticket=${ticket}`, `?ticket=${"A".repeat(43)}`, "?ticket=short", ""];
    for (const query of tickets)
      expect(await refusal(await send(`/watch/${other}${query}`, asStream))).toEqual(refused);
    expect(await refusal(await send(`/watch/${newId()}?ticket=${ticket}`, asStream))).toEqual(refused);
    await runInDurableObject(session(id), (_object, state) => {
      state.storage.sql.exec("UPDATE watch_tickets SET expires_at_ms = ?", Date.now() - 1);
    });
    expect(await refusal(await send(`/watch/${id}?ticket=${ticket}`, asStream))).toEqual(refused);
    expect((await send("/watch/not-an-id", asStream)).status).toBe(404);
  });

  it("opens nothing for somebody who has left the team since [watching.ticket] [watching.rights]", async () => {
    const id = await startSession();
    const { path } = await createLink(id);
    const { results } = await env.DB.prepare("delete from memberships returning *").all<Record<string, string>>();
    expect(await refusal(await send(path, asStream))).toEqual(refused);
    for (const { team_id, user_id, role, created_at } of results) {
      const insert = env.DB.prepare("insert into memberships (team_id, user_id, role, created_at) values (?, ?, ?, ?)");
      await insert.bind(team_id, user_id, role, created_at).run();
    }
  });

  it("is not used up by a malformed cursor, nor by whoever looks at the page [watching.ticket] [watching.cursor]", async () => {
    const id = await startSession();
    const { path } = await createLink(id);
    expect(await refusal(await send(`${path}&after=x`, asStream))).toEqual({ status: 400, code: "invalid_argument" });
    const page = await send(path, { headers: { accept: "text/html,*/*;q=0.8" } });
    expect(page.status).toBe(200);
    const policy = page.headers.get("content-security-policy") ?? "";
    const nonce = /script-src 'nonce-([\w-]+)'/.exec(policy)?.[1] ?? "";
    expect(nonce.length).toBeGreaterThan(20);
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain("unsafe");
    expect(page.headers.get("referrer-policy")).toBe("no-referrer");
    const html = await page.text();
    expect(html.match(/<script/g)).toHaveLength(1);
    expect(html).toContain(`<script nonce="${nonce}">`);
    expect(html).not.toMatch(/innerHTML|insertAdjacentHTML|document\.write| on\w+=/);
    const opened = await send(path, asStream);
    expect(opened.status).toBe(200);
    await opened.body?.cancel();
  });

  it("is not given for a session of somebody else [watching.ticket] [watching.rights]", async () => {
    const theirs = await startSession({ user_id: newId(), team_id: newId(), role: "owner" });
    for (const session_id of [theirs, newId()]) {
      const rpc = await callModern(token, "tools/call", { name: "create_watch_link", arguments: { session_id } });
      const { result } = await readRpc(rpc);
      expect(result?.isError).toBe(true);
      expect(result?.content?.[0]?.text).toContain("session_not_found");
    }
  });
});
