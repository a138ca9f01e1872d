import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import worker from "../../src/worker/index.ts";
import { MAX_ATTACHMENT_BYTES, MAX_UPLOADS_PER_USER } from "../../src/shared/limits.ts";
import { uploadPrefix } from "../../src/shared/attachments/schema.ts";
import { createUploadService } from "../../src/worker/attachments/upload-service.ts";
import { createUploadStore, type UploadRow, type UploadStore } from "../../src/worker/attachments/upload-store.ts";
import { createDatabase } from "../../src/worker/db/client.ts";
import { GIF, PDF, PNG } from "../support/files.ts";
import { callModern, readRpc, send, signIn } from "./oauth-client.ts";
import { newId } from "./session-fixture.ts";

type Ticket = {
  upload_id: string;
  url: string;
  method: string;
  headers: Record<string, string>;
  expires_at: string;
  max_bytes: number;
};

let token = "";
beforeAll(async () => {
  token = (await signIn()).access_token;
});

async function callTool(name: string, args: Record<string, unknown>) {
  const { result } = await readRpc(
    await callModern(token, "tools/call", { name, arguments: args }, { query: "?toolsets=all" }),
  );
  return {
    isError: result?.isError === true,
    text: JSON.stringify(result?.content),
    value: result?.["structuredContent"],
  };
}

async function createUpload(media_type = "image/png", name = "a.png"): Promise<Ticket> {
  const { value, text } = await callTool("create_upload", { name, media_type });
  expect(value, text).toBeDefined();
  return value as Ticket;
}

function put(ticket: Pick<Ticket, "url" | "headers">, body: BodyInit | null, more: Record<string, string> = {}) {
  return send(new URL(ticket.url).pathname, { method: "PUT", headers: { ...ticket.headers, ...more }, body });
}

async function refusal(response: Response) {
  const { error } = await response.json<{ error: { code: string; message: string } }>();
  return { status: response.status, ...error };
}

const rowOf = (id: string) => env.DB.prepare("select * from uploads where id = ?").bind(id).first();
async function objectsOf(id: string): Promise<string[]> {
  const row = await rowOf(id);
  const owner = { team_id: String(row?.["team_id"]), owner_id: String(row?.["owner_id"]) };
  return (await env.BUCKET.list({ prefix: uploadPrefix(owner, id) })).objects.map(({ key }) => key);
}
const execute = (attachments: unknown, more: Record<string, unknown> = {}) =>
  callTool("execute_claude", { prompt: "look", wait_seconds: 0, attachments, ...more });
const countSessions = async () =>
  (await env.DB.prepare("select count(*) as n from sessions").first<{ n: number }>())?.n;

function service(
  store: UploadStore,
  bucket: Pick<R2Bucket, "put" | "list" | "delete">,
  sha256Hex: (bytes: Uint8Array<ArrayBuffer>) => Promise<string>,
) {
  const made = { publicUrl: "", newId, newTicket: newId, nowMs: Date.now, logger: { logUnexpected: newId } };
  return createUploadService({ ...made, store, bucket, sha256Hex, waitUntil: (work) => void work });
}

describe("create_upload", () => {
  it("gives a ticket that brings one file, once, and gives nothing back [attachments.upload] [attachments.ticket]", async () => {
    const ticket = await createUpload();
    expect(ticket).toMatchObject({ method: "PUT", max_bytes: MAX_ATTACHMENT_BYTES });
    expect(JSON.stringify(await rowOf(ticket.upload_id))).not.toContain(ticket.headers["authorization"]?.split(" ")[1]);
    const taken = await put(ticket, PNG);
    expect(taken.status).toBe(201);
    expect(await taken.json()).toEqual({ upload_id: ticket.upload_id, bytes: PNG.length });
    expect(taken.headers.get("x-content-type-options")).toBe("nosniff");
    expect(await refusal(await put(ticket, PNG))).toMatchObject({
      status: 403,
      code: "upload_ticket_refused",
      message: expect.stringContaining("used already"),
    });
    expect(await objectsOf(ticket.upload_id)).toHaveLength(1);
    for (const method of ["GET", "HEAD", "POST", "DELETE"]) {
      const { headers, url } = ticket;
      expect((await send(new URL(url).pathname, { method, headers })).status, method).toBe(404);
    }
  });

  it("takes one of two files that come at the same time [attachments.ticket]", async () => {
    const ticket = await createUpload("text/plain", "a.txt");
    const answers = await Promise.all(["one", "two", "three"].map((words) => put(ticket, words)));
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([201, 403, 403]);
    expect(await objectsOf(ticket.upload_id)).toHaveLength(1);
    expect((await objectsOf(ticket.upload_id))[0]).toContain(String((await rowOf(ticket.upload_id))?.["sha256"]));
  });

  it("says so when its ticket expires while the file comes [attachments.ticket]", async () => {
    const ticket = await createUpload("text/plain");
    const store = createUploadStore(createDatabase(env.DB));
    const uploads = service(store, env.BUCKET, async (bytes) => {
      // The bytes are here; the ticket's time is over before the row says so.
      if (bytes.length === 5) {
        const expire = "update uploads set ticket_expires_at = '2020-01-01' where id = ?";
        await env.DB.prepare(expire).bind(ticket.upload_id).run();
      }
      const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
      return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
    });
    const request = new Request(ticket.url, { method: "PUT", body: "words" });
    const secret = ticket.headers["authorization"]!.split(" ")[1]!;
    const refused = uploads.receive(ticket.upload_id, secret, request);
    await expect(refused).rejects.toMatchObject({ code: "upload_ticket_refused" });
    await expect(refused).rejects.toThrow("has expired");
    expect(await objectsOf(ticket.upload_id)).toEqual([]);
  });

  it.each([
    ["an image that is no image", "image/png", "not an image", { status: 415, code: "upload_refused" }],
    ["an image of another kind", "image/png", GIF, { status: 415, code: "upload_refused" }],
    ["a PDF that is a picture", "application/pdf", PNG, { status: 415, code: "upload_refused" }],
    ["text that is a PDF", "text/plain", PDF, { status: 415, code: "upload_refused" }],
    ["text that is no UTF-8", "text/csv", new Uint8Array([0xff, 0xfe]), { status: 415, code: "upload_refused" }],
    ["nothing", "text/plain", null, { status: 415, code: "upload_refused" }],
    [
      "too much",
      "text/plain",
      new Uint8Array(MAX_ATTACHMENT_BYTES + 1).fill(65),
      { status: 413, code: "request_too_large" },
    ],
  ])(
    "refuses %s, changes nothing, and takes the right file after it [attachments.refused]",
    async (_name, type, body, refused) => {
      const ticket = await createUpload(type);
      expect(await refusal(await put(ticket, body))).toMatchObject(refused);
      expect(await rowOf(ticket.upload_id)).toMatchObject({ sha256: null, bytes: null });
      expect(await objectsOf(ticket.upload_id)).toEqual([]);
      const right = type === "image/png" ? PNG : type === "application/pdf" ? PDF : "words";
      expect((await put(ticket, right)).status).toBe(201);
    },
  );

  it("refuses a stream that turns out too large [attachments.refused]", async () => {
    const ticket = await createUpload("text/plain");
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 65_536;
        controller.enqueue(new Uint8Array(65_536).fill(65));
        if (sent > 20 * 1024 * 1024) controller.close();
      },
    });
    expect(await refusal(await put(ticket, endless))).toMatchObject({ status: 413 });
    expect(sent).toBeLessThan(10 * 1024 * 1024);
  });

  it("refuses tickets that are none, of another upload, or too old, all before the body is read [attachments.ticket]", async () => {
    const [one, other] = [await createUpload(), await createUpload()];
    const refused = { status: 403, code: "upload_ticket_refused" };
    expect(await refusal(await put({ url: one.url, headers: other.headers }, PNG))).toMatchObject(refused);
    expect(await refusal(await put({ url: one.url, headers: {} }, PNG))).toMatchObject(refused);
    expect(
      await refusal(await put({ url: one.url, headers: { authorization: `Bearer ${token}` } }, PNG)),
    ).toMatchObject(refused);
    const unknown = one.url.replace(one.upload_id, newId());
    expect(await refusal(await put({ url: unknown, headers: one.headers }, PNG))).toMatchObject(refused);
    expect(await refusal(await put({ url: `${one.url}x`, headers: one.headers }, PNG))).toMatchObject(refused);
    await env.DB.prepare("update uploads set ticket_expires_at = '2020-01-01' where id = ?").bind(one.upload_id).run();
    expect(await refusal(await put(one, PNG))).toMatchObject({
      ...refused,
      message: expect.stringContaining("expired"),
    });
    expect(await objectsOf(one.upload_id)).toEqual([]);
    expect((await put(other, PNG)).status).toBe(201);
  });

  it.each([
    [{ name: "../a.png", media_type: "image/png" }],
    [{ name: "a.svg", media_type: "image/svg+xml" }],
    [{ name: "a.png", media_type: "image/png", size_bytes: MAX_ATTACHMENT_BYTES + 1 }],
    [{ name: "a.png" }],
    [{ name: "a.png", media_type: "image/png", owner: "me" }],
  ])("refuses to be asked for %j [attachments.refused]", async (args) => {
    expect((await callTool("create_upload", args)).isError).toBe(true);
  });
});

describe("uploads that a prompt names", () => {
  it("have to be there, complete, one's own and not expired: else no session begins [attachments.own] [attachments.refused]", async () => {
    const before = await countSessions();
    const missing = async (upload_id: string) => {
      const answer = await execute([{ upload_id }], { project: "default" });
      expect(answer).toMatchObject({ isError: true, text: expect.stringContaining("attachment_not_found") });
      return answer.text;
    };
    const unknown = await missing(newId());
    const empty = await createUpload();
    expect(await missing(empty.upload_id)).toBe(unknown);
    const foreign = await createUpload();
    await put(foreign, PNG);
    const own = await rowOf(foreign.upload_id);
    await env.DB.prepare("update uploads set owner_id = ? where id = ?").bind(newId(), foreign.upload_id).run();
    expect(await missing(foreign.upload_id)).toBe(unknown);
    await env.DB.prepare("update uploads set owner_id = ?, team_id = ? where id = ?")
      .bind(own?.["owner_id"], newId(), foreign.upload_id)
      .run();
    expect(await missing(foreign.upload_id)).toBe(unknown);
    await env.DB.prepare("update uploads set team_id = ?, expires_at = '2020-01-01' where id = ?")
      .bind(own?.["team_id"], foreign.upload_id)
      .run();
    expect(await missing(foreign.upload_id)).toBe(unknown);
    expect(await countSessions()).toBe(before);
  });

  it("are no more than ten, together no more than a model takes, and join no running turn [attachments.refused]", async () => {
    const ticket = await createUpload("text/plain");
    await put(ticket, "words");
    const named = { upload_id: ticket.upload_id };
    expect((await execute(Array.from({ length: 11 }, () => named))).text).toContain("invalid_argument");
    expect((await execute([])).text).toContain("invalid_argument");
    expect((await execute([{ ...named, project_file: "a" }])).text).toContain("either project_file or upload_id");
    expect((await execute([{ project_file: "../etc/passwd" }])).text).toContain("invalid_argument");
    expect((await execute([named], { if_busy: "steer" })).text).toContain("cannot join a running turn");
    const large = await createUpload("text/plain");
    await env.DB.prepare("update uploads set sha256 = ?, bytes = ? where id = ?")
      .bind("a".repeat(64), MAX_ATTACHMENT_BYTES, large.upload_id)
      .run();
    const many = Array.from({ length: 5 }, () => ({ upload_id: large.upload_id }));
    expect((await execute(many)).text).toContain("attachment_refused");
  });

  it("give a repeated call its first answer, also when they are gone by then [attachments.repeat]", async () => {
    const ticket = await createUpload("text/plain");
    await put(ticket, "words");
    const named = [{ upload_id: ticket.upload_id }];
    const key = { idempotency_key: `key-${newId()}` };
    const first = await execute(named, key);
    expect(first.isError, first.text).toBe(false);
    expect((await execute(named, key)).value).toMatchObject({ turn_id: (first.value as { turn_id: string }).turn_id });
    expect((await execute([{ project_file: "other" }], key)).text).toContain("idempotency_conflict");
    await env.DB.prepare("update uploads set expires_at = '2020-01-01' where id = ?").bind(ticket.upload_id).run();
    expect((await execute(named, key)).value).toMatchObject({ turn_id: (first.value as { turn_id: string }).turn_id });
  });
});

describe("uploads that have expired", () => {
  it("are removed with all their bytes, by the clock [attachments.expiry]", async () => {
    const [old, young] = [await createUpload("text/plain"), await createUpload("text/plain")];
    await put(old, "words");
    await put(young, "words");
    const [key] = await objectsOf(old.upload_id);
    // What a PUT that was cut off left behind.
    await env.BUCKET.put(key!.replace(/[^/]+$/, "f".repeat(64)), "half");
    await env.DB.prepare("update uploads set expires_at = '2020-01-01' where id = ?").bind(old.upload_id).run();
    await worker.scheduled(createScheduledController(), env);
    expect(await rowOf(old.upload_id)).toBeNull();
    expect((await env.BUCKET.list({ prefix: key!.replace(/[^/]+$/, "") })).objects).toEqual([]);
    expect(await objectsOf(young.upload_id)).toHaveLength(1);
  });

  it("are removed although one of them cannot be, the oldest first, a few with each create_upload [attachments.expiry]", async () => {
    const removed: string[] = [];
    const rows = ["a", "b", "c"].map((id) => ({ id, teamId: "t", ownerId: "o" }) as UploadRow);
    const asked: number[] = [];
    const store = {
      ...({} as UploadStore),
      findExpired: async (_now: string, limit: number) => {
        asked.push(limit);
        return rows.filter(({ id }) => !removed.includes(id));
      },
      remove: async (id: string) => void removed.push(id),
      countHeld: async () => 0,
      add: async () => {},
    };
    const list = async (options?: R2ListOptions) => {
      if (options?.prefix?.includes("/a/") === true) throw new Error("no answer");
      return { objects: [], truncated: false as const, delimitedPrefixes: [] };
    };
    const uploads = service(store, { ...({} as R2Bucket), list }, async () => "");
    await uploads.sweep();
    expect(removed).toEqual(["b", "c"]);
    await uploads.create(
      { user_id: newId(), team_id: newId(), role: "owner" },
      { name: "a", media_type: "text/plain" },
    );
    expect(asked[1]).toBeLessThan(asked[0]! / 5);
  });

  it("are found the oldest first [attachments.expiry]", async () => {
    const tickets = [await createUpload(), await createUpload(), await createUpload()];
    const dates = ["2019-03-01", "2019-01-01", "2019-02-01"];
    for (const [index, { upload_id }] of tickets.entries()) {
      await env.DB.prepare("update uploads set expires_at = ? where id = ?").bind(dates[index], upload_id).run();
    }
    const found = await createUploadStore(createDatabase(env.DB)).findExpired("2019-12-31", 2);
    expect(found.map(({ id }) => id)).toEqual([tickets[1]?.upload_id, tickets[2]?.upload_id]);
  });

  it("do not count when their ticket expired without bytes [attachments.expiry]", async () => {
    const { team_id, owner_id } = (await rowOf((await createUpload()).upload_id))!;
    const store = createUploadStore(createDatabase(env.DB));
    const owner = { team_id: String(team_id), user_id: String(owner_id) };
    const held = () => store.countHeld(owner, new Date().toISOString());
    const before = await held();
    const [open, filled] = [await createUpload("text/plain"), await createUpload("text/plain")];
    await put(filled, "words");
    expect(await held()).toBe(before + 2);
    const expire = "update uploads set ticket_expires_at = '2020-01-01' where id in (?, ?)";
    await env.DB.prepare(expire).bind(open.upload_id, filled.upload_id).run();
    expect(await held()).toBe(before + 1);
  });

  it("make room again: a person has only so many at a time [attachments.expiry]", async () => {
    const { team_id, owner_id } = (await rowOf((await createUpload()).upload_id))!;
    const insert = env.DB.prepare(
      `insert into uploads (id, team_id, owner_id, name, media_type, ticket_sha256, ticket_expires_at, created_at, expires_at)
       values (?, ?, ?, 'a', 'text/plain', ?, ?, ?, ?)`,
    );
    const later = new Date(Date.now() + 3_600_000).toISOString();
    const rows = Array.from({ length: MAX_UPLOADS_PER_USER }, () =>
      insert.bind(newId(), team_id, owner_id, newId(), later, later, later),
    );
    await env.DB.batch(rows);
    expect((await callTool("create_upload", { name: "a", media_type: "text/plain" })).text).toContain(
      "too_many_uploads",
    );
    await env.DB.prepare("update uploads set expires_at = '2020-01-01' where ticket_expires_at = ?").bind(later).run();
    expect((await callTool("create_upload", { name: "a", media_type: "text/plain" })).isError).toBe(false);
  });
});
