import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { toHex } from "../../src/shared/checkpoints/bytes-text.ts";
import { exportKey, packKey } from "../../src/shared/checkpoints/checkpoint-keys.ts";
import { MAX_PACK_BYTES } from "../../src/shared/checkpoints/format.ts";
import { PACKS_HEADER } from "../../src/shared/rpc/protocol.ts";
import type { PackQuestion } from "../../src/shared/rpc/workspace-api.ts";
import type { RunTokenClaims } from "../../src/shared/tokens/run-token.ts";
import { signRunToken, verifyRunToken } from "../../src/shared/tokens/run-token-signature.ts";
import { createPackAccess } from "../../src/worker/checkpoints/packs/pack-access.ts";
import { createPackRoutes, type PackBucket } from "../../src/worker/checkpoints/packs/pack-routes.ts";
import { createPackStore } from "../../src/worker/checkpoints/packs/pack-store.ts";
import { createDatabase } from "../../src/worker/db/client.ts";
import { newUuid } from "../support/seed-checkpoint.ts";
import { bytesOf, hashOf } from "../support/seed-tree.ts";
import { send } from "./oauth-client.ts";

const SECRET = "run-token-secret-for-tests-only-0123456789";
const claims = {
  version: 1 as const,
  team_id: newUuid(),
  runtime_id: newUuid(),
  project_id: newUuid(),
  workspace_id: newUuid(),
  operation_id: newUuid(),
  expires_at: Math.floor(Date.now() / 1000) + 600,
};
const tokenFor = (route: "packs:write" | "packs:read", more: Partial<RunTokenClaims> = {}) =>
  signRunToken({ ...claims, ...more, route } as RunTokenClaims, SECRET, crypto.subtle);

let asked: PackQuestion[] = [];
let allows = true;
let bucket: PackBucket = env.BUCKET;
let clock = () => new Date();
const db = createDatabase(env.DB);
let routes = make();
function make() {
  const access = createPackAccess({
    verifyToken: (token) => verifyRunToken(token, SECRET, crypto.subtle),
    workspace: () => ({ mayUsePacks: async (question) => (asked.push(question), allows) }),
    nowMs: () => clock().getTime(),
  });
  const logger = { log() {}, logUnexpected: () => "event" };
  return createPackRoutes({ access, store: createPackStore({ db, now: () => clock() }), bucket, logger });
}
beforeEach(() => {
  asked = [];
  allows = true;
  bucket = env.BUCKET;
  clock = () => new Date();
  routes = make();
});

const at = (name: string, folder = "packs") => `http://edge/runner/${folder}/${name}`;
const headersOf = (token: string, more: Record<string, string> = {}) => ({ authorization: `Bearer ${token}`, ...more });
/** The length is what every client that has the bytes says. */
const sized = (bytes: Uint8Array) => ({ "content-length": String(bytes.length) });
async function put(bytes: Uint8Array, name?: string, token?: string): Promise<Response> {
  const sha256 = name ?? toHex(await hashOf(bytes));
  const headers = headersOf(token ?? (await tokenFor("packs:write")), sized(bytes));
  return routes.put(new Request(at(sha256), { method: "PUT", body: bytes as Uint8Array<ArrayBuffer>, headers }));
}
const codeOf = async (response: Response) => [response.status, (await response.json<any>()).error.code];
const pack = () => bytesOf(`a pack ${newUuid()} ${"x".repeat(500)}`);
const keyOf = async (bytes: Uint8Array) => packKey(claims.team_id, toHex(await hashOf(bytes)));
const rowOf = async (bytes: Uint8Array) =>
  env.DB.prepare("select * from checkpoint_packs where sha256 = ?")
    .bind(toHex(await hashOf(bytes)))
    .first();

describe("a pack from a sandbox", () => {
  it("is stored under its SHA-256 for its project, and known to D1; a repeat is fine [checkpoints.tree]", async () => {
    const bytes = pack();
    expect((await put(bytes)).status).toBe(201);
    expect((await put(bytes)).status).toBe(201);
    const object = await env.BUCKET.get(await keyOf(bytes));
    expect(object?.customMetadata).toEqual({ project_id: claims.project_id });
    expect(new Uint8Array(await object!.arrayBuffer())).toEqual(bytes);
    expect(await rowOf(bytes)).toMatchObject({ team_id: claims.team_id, bytes: bytes.length, condemned_at: null });
    const { team_id, runtime_id, operation_id } = claims;
    expect(asked).toEqual([1, 2].map(() => ({ team_id, runtime_id, operation_id, read_pack: null })));
  });

  it("of another SHA-256 than its name leaves nothing, also instead of a right one [checkpoints.bad_input]", async () => {
    const right = pack();
    const name = toHex(await hashOf(right));
    expect(await codeOf(await put(pack(), name))).toEqual([422, "pack_refused"]);
    expect(await env.BUCKET.head(packKey(claims.team_id, name))).toBeNull();
    expect((await put(right)).status).toBe(201);
    expect(await codeOf(await put(pack(), name))).toEqual([422, "pack_refused"]);
    expect(new Uint8Array(await (await env.BUCKET.get(packKey(claims.team_id, name)))!.arrayBuffer())).toEqual(right);
  });

  it("says its length, which has a limit [checkpoints.bad_input] [checkpoints.memory]", async () => {
    const token = await tokenFor("packs:write");
    const name = toHex(await hashOf(pack()));
    const ask = (headers: Record<string, string>, body: BodyInit | null) =>
      routes.put(new Request(at(name), { method: "PUT", headers: headersOf(token, headers), body }));
    expect(await codeOf(await ask({}, new ReadableStream()))).toEqual([400, "invalid_argument"]);
    expect(await codeOf(await ask({ "content-length": "0" }, null))).toEqual([400, "invalid_argument"]);
    const tooLong = { "content-length": String(MAX_PACK_BYTES + 1) };
    expect(await codeOf(await ask(tooLong, "x"))).toEqual([413, "request_too_large"]);
    expect(await env.DB.prepare("select * from checkpoint_packs where sha256 = ?").bind(name).first()).toBeNull();
  });

  it("is refused while its name is being removed, and taken afterwards [checkpoints.sweep]", async () => {
    const bytes = pack();
    await put(bytes);
    const condemn = "update checkpoint_packs set condemned_at = 'now' where sha256 = ?";
    await env.DB.prepare(condemn)
      .bind(toHex(await hashOf(bytes)))
      .run();
    await env.BUCKET.delete(await keyOf(bytes));
    expect(await codeOf(await put(bytes))).toEqual([422, "pack_refused"]);
    expect(await env.BUCKET.head(await keyOf(bytes))).toBeNull();
    await env.DB.prepare("delete from checkpoint_packs where sha256 = ?")
      .bind(toHex(await hashOf(bytes)))
      .run();
    expect((await put(bytes)).status).toBe(201);
  });

  const list = async (packs: Uint8Array[]) =>
    (await Promise.all(packs.map(async (bytes) => `${toHex(await hashOf(bytes))}:${bytes.length}`))).join(",");
  async function putSmall(packs: Uint8Array[], named?: string): Promise<Response> {
    const body = await new Blob(packs as Uint8Array<ArrayBuffer>[]).arrayBuffer();
    const more = { "content-length": String(body.byteLength), [PACKS_HEADER]: named ?? (await list(packs)) };
    const headers = headersOf(await tokenFor("packs:write"), more);
    return routes.putSmall(new Request("http://edge/runner/packs", { method: "PUT", body, headers }));
  }

  it("comes with other small ones in one request, each stored under its name [checkpoints.tree]", async () => {
    const packs = [pack(), pack(), pack()];
    expect((await putSmall(packs)).status).toBe(201);
    expect((await putSmall(packs)).status).toBe(201);
    for (const bytes of packs) {
      const object = await env.BUCKET.get(await keyOf(bytes));
      expect(object?.customMetadata).toEqual({ project_id: claims.project_id });
      expect(new Uint8Array(await object!.arrayBuffer())).toEqual(bytes);
      expect(await rowOf(bytes)).toMatchObject({ bytes: bytes.length, condemned_at: null });
    }
    expect(asked).toHaveLength(2);
    allows = false;
    expect((await putSmall([pack()])).status).toBe(401);
  });

  it("that is not of its name, or of no name, leaves nothing, whatever comes with it [checkpoints.bad_input]", async () => {
    const [right, wrong] = [pack(), pack()];
    const meant = pack();
    const named = `${await list([right])},${toHex(await hashOf(meant))}:${wrong.length}`;
    expect(await codeOf(await putSmall([right, wrong], named))).toEqual([422, "pack_refused"]);
    expect(await env.BUCKET.head(await keyOf(meant))).toBeNull();
    expect(await env.BUCKET.head(await keyOf(wrong))).toBeNull();
    expect(await codeOf(await putSmall([right, wrong], await list([right])))).toEqual([400, "invalid_argument"]);
    expect(await codeOf(await putSmall([right], "x"))).toEqual([400, "invalid_argument"]);
    const long = bytesOf("x".repeat(1024 * 1024));
    expect(await codeOf(await putSmall([long, pack()]))).toEqual([400, "invalid_argument"]);
  });

  it("is refused with those that come with it while one of them is being removed [checkpoints.sweep]", async () => {
    const [going, other] = [pack(), pack()];
    await put(going);
    const condemn = "update checkpoint_packs set condemned_at = 'now' where sha256 = ?";
    await env.DB.prepare(condemn)
      .bind(toHex(await hashOf(going)))
      .run();
    await env.BUCKET.delete(await keyOf(going));
    expect(await codeOf(await putSmall([other, going]))).toEqual([422, "pack_refused"]);
    expect(await env.BUCKET.head(await keyOf(going))).toBeNull();
    expect(await env.BUCKET.head(await keyOf(other))).toBeNull();
  });

  it("is asked for again when storage fails, and begins its grace anew each time [checkpoints.cut_off] [checkpoints.sweep]", async () => {
    const bytes = pack();
    bucket = {
      get: env.BUCKET.get.bind(env.BUCKET),
      put: () => Promise.reject(new Error("we are down")),
    } as PackBucket;
    clock = () => new Date("2026-01-01T00:00:00Z");
    routes = make();
    const eternal = await tokenFor("packs:write");
    const failed = await put(bytes, undefined, eternal);
    expect(failed.status).toBe(503);
    expect(await failed.text()).not.toContain("we are down");
    expect(await rowOf(bytes)).toMatchObject({ stored_at: "2026-01-01T00:00:00.000Z" });
    bucket = env.BUCKET;
    clock = () => new Date("2026-01-02T00:00:00Z");
    routes = make();
    expect((await put(bytes, undefined, eternal)).status).toBe(201);
    expect(await rowOf(bytes)).toMatchObject({ stored_at: "2026-01-02T00:00:00.000Z" });
  });

  it("is read whole or by one range, which the object is asked about once in a while [checkpoints.restore]", async () => {
    const bytes = pack();
    await put(bytes);
    asked = [];
    const token = await tokenFor("packs:read");
    const name = toHex(await hashOf(bytes));
    const get = (range?: string) =>
      routes.get(new Request(at(name), { headers: headersOf(token, range === undefined ? {} : { range }) }));
    const whole = await get();
    expect([whole.status, new Uint8Array(await whole.arrayBuffer())]).toEqual([200, bytes]);
    const part = await get("bytes=3-9");
    expect(part.status).toBe(206);
    expect(part.headers.get("content-range")).toBe(`bytes 3-9/${bytes.length}`);
    expect(new Uint8Array(await part.arrayBuffer())).toEqual(bytes.slice(3, 10));
    const end = await get(`bytes=${bytes.length - 4}-${bytes.length + 100}`);
    expect(new Uint8Array(await end.arrayBuffer())).toEqual(bytes.slice(-4));
    expect(end.headers.get("content-length")).toBe("4");
    expect(await codeOf(await get("bytes=0-1,3-4"))).toEqual([400, "invalid_argument"]);
    expect(asked).toHaveLength(1);
    expect(asked[0]?.read_pack).toBe(name);
    const later = new Date(Date.now() + 10_000);
    clock = () => later;
    await (await get()).arrayBuffer();
    expect(asked).toHaveLength(2);
  });

  it("is opened by its own token alone, and every refusal is the same [checkpoints.fenced] [checkpoints.isolation]", async () => {
    const bytes = pack();
    await put(bytes);
    const name = toHex(await hashOf(bytes));
    const tokens = [
      "",
      "brt_a.b",
      await tokenFor("packs:read", { expires_at: 1_000 }),
      await tokenFor("packs:write"),
      await signRunToken({ ...claims, route: "packs:read" }, "another secret that is long enough", crypto.subtle),
      await signRunToken({ ...claims, route: "model", session_id: newUuid() } as RunTokenClaims, SECRET, crypto.subtle),
    ];
    const answers: string[] = [];
    for (const token of tokens) {
      answers.push(await (await routes.get(new Request(at(name), { headers: headersOf(token) }))).text());
    }
    expect(asked).toHaveLength(1);
    allows = false;
    // A pack that is there, one that is not: the object's no sounds the same.
    for (const one of [name, "0".repeat(64)]) {
      const response = await routes.get(new Request(at(one), { headers: headersOf(await tokenFor("packs:read")) }));
      expect(response.status).toBe(401);
      answers.push(await response.text());
    }
    expect(new Set(answers).size).toBe(1);
    expect((await put(pack(), undefined, await tokenFor("packs:read"))).status).toBe(401);
    expect((await put(pack())).status).toBe(401);
    allows = true;
    const foreign = await tokenFor("packs:read", { team_id: newUuid() });
    expect((await routes.get(new Request(at(name), { headers: headersOf(foreign) }))).status).toBe(404);
  });

  it("has its routes on the edge, which ask for no access token but for this one [checkpoints.fenced]", async () => {
    const name = "a".repeat(64);
    for (const [method, path] of [
      ["PUT", `/runner/packs/${name}`],
      ["PUT", "/runner/packs"],
      ["GET", `/runner/packs/${name}`],
      ["PUT", `/runner/exports/${newUuid()}`],
    ] as const) {
      expect((await send(path, { method, ...(method === "PUT" && { body: "x" }) })).status, path).toBe(401);
    }
    expect((await send("/runner/packs/nothing")).status).toBe(404);
  });
});

describe("an export from a sandbox", () => {
  it("is stored under its operation's id and no other [checkpoints.export] [checkpoints.fenced]", async () => {
    const bytes = bytesOf("# v2 git bundle\n");
    const store = async (id: string) =>
      routes.putExport(
        new Request(at(id, "exports"), {
          method: "PUT",
          body: bytes as Uint8Array<ArrayBuffer>,
          headers: headersOf(await tokenFor("packs:write"), sized(bytes)),
        }),
      );
    expect((await store(claims.operation_id)).status).toBe(201);
    const key = exportKey(claims.team_id, claims.project_id, claims.operation_id);
    expect(await (await env.BUCKET.get(key))?.text()).toBe("# v2 git bundle\n");
    const other = newUuid();
    expect((await store(other)).status).toBe(404);
    expect(await env.BUCKET.head(exportKey(claims.team_id, claims.project_id, other))).toBeNull();
  });
});
