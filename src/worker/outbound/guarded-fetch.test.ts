import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createGuardedFetch, type GuardParts, type OutboundLimits } from "./guarded-fetch.ts";
import { createResolver } from "./resolve-name.ts";

const LIMITS: OutboundLimits = { headMs: 500, maxBytes: 1000, totalMs: 800, idleMs: 300, redirects: 3 };

type Seen = { url: string; method: string; headers: Record<string, string | string[] | undefined>; body: string };

/** A real server on loopback: what it does stands in the path. */
function openServer() {
  const seen: Seen[] = [];
  const server = createServer((request, response) => void answer(request, response));
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const { url = "", method = "", headers } = request;
    seen.push({ url, method, headers, body });
    const [, what = "", rest = ""] = /^\/([a-z]+)\/?(.*)$/.exec(url) ?? [];
    if (what === "redirect") {
      const [status = "302", ...target] = rest.split("/");
      return void response.writeHead(Number(status), { location: decodeURIComponent(target.join("/")) }).end();
    }
    if (what === "large") return void response.end("x".repeat(1001));
    if (what === "chunked") return streamForever(response, 100, 1);
    if (what === "drip") return streamForever(response, 1, 100);
    if (what === "still") return void response.write("x");
    if (what === "silent") return;
    response.end("fine");
  }
  return new Promise<{ url: string; seen: Seen[]; close: () => void }>((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const close = (): void => {
        server.closeAllConnections();
        server.close();
      };
      resolve({ url, seen, close });
    });
  });
}

function streamForever(response: ServerResponse, bytes: number, everyMs: number): void {
  const timer = setInterval(() => response.write("x".repeat(bytes)), everyMs);
  response.on("close", () => clearInterval(timer));
}

let one: Awaited<ReturnType<typeof openServer>>;
let other: Awaited<ReturnType<typeof openServer>>;
beforeAll(async () => {
  one = await openServer();
  other = await openServer();
});
afterAll(() => {
  one.close();
  other.close();
});

const local: GuardParts = {
  fetch: (url, init) => fetch(url, init),
  resolve: async () => [],
  rules: { allowLoopback: true, ownOrigin: null },
};

const ask = (path: string, more: Partial<Parameters<ReturnType<typeof createGuardedFetch>>[0]> = {}) =>
  createGuardedFetch(local)({ url: path.startsWith("http") ? path : `${one.url}${path}`, limits: LIMITS, ...more });

const redirect = (status: number, to: string): string => `/redirect/${status}/${encodeURIComponent(to)}`;

describe("redirects", () => {
  it("are followed by hand, and each hop is judged [outbound.redirects]", async () => {
    expect(await (await ask(redirect(302, "/fine"))).text()).toBe("fine");
    for (const target of [
      "http://169.254.169.254/latest",
      "http://10.0.0.1/",
      "file:///etc/passwd",
      "http://[fd00::1]/",
    ]) {
      await expect(ask(redirect(302, target)), target).rejects.toMatchObject({ code: "address_refused" });
    }
    await expect(ask(redirect(302, `${other.url.replace("://", "://a:b@")}/`))).rejects.toThrow("user name");
    await expect(ask(redirect(302, "http://["))).rejects.toThrow("nowhere");
  });

  it("end after the limit", async () => {
    const chain = (depth: number): string => (depth === 0 ? "/fine" : redirect(302, chain(depth - 1)));
    expect(await (await ask(chain(3))).text()).toBe("fine");
    await expect(ask(chain(4))).rejects.toThrow("too often");
  });

  it("take no header of ours to another origin", async () => {
    const headers = { authorization: "Bearer x", "x-api-key": "k", cookie: "c", accept: "text/plain" };
    await (await ask(redirect(307, `${other.url}/seen`), { headers })).text();
    expect(one.seen.at(-1)?.headers).toMatchObject({ authorization: "Bearer x", "x-api-key": "k" });
    const { headers: foreign } = other.seen.at(-1)!;
    expect(foreign["accept"]).toBe("text/plain");
    for (const name of ["authorization", "x-api-key", "cookie"]) expect(foreign).not.toHaveProperty(name);
    await (await ask(redirect(307, `${one.url}/seen`), { headers })).text();
    expect(one.seen.at(-1)?.headers).toMatchObject({ authorization: "Bearer x" });
  });

  it("carry what was sent within its origin alone", async () => {
    const sent = { method: "POST", body: "secret plan" };
    await (await ask(redirect(307, "/fine"), sent)).text();
    expect(one.seen.at(-1)).toMatchObject({ url: "/fine", method: "POST", body: "secret plan" });
    const before = other.seen.length;
    await expect(ask(redirect(307, `${other.url}/fine`), sent)).rejects.toThrow("what was sent");
    await expect(ask(redirect(302, "/fine"), sent)).rejects.toThrow("what was sent");
    expect(other.seen.length).toBe(before);
    await (await ask(redirect(303, `${other.url}/fine`), sent)).text();
    expect(other.seen.at(-1)).toMatchObject({ method: "GET", body: "" });
  });
});

describe("answers", () => {
  it.each([
    ["/large", "larger"],
    ["/chunked", "larger"],
    ["/drip", "stood still or took too long"],
    ["/still", "stood still or took too long"],
    ["/silent", "did not answer in time"],
  ])("that do not end well are cut: %s [outbound.limits]", async (path, words) => {
    const started = Date.now();
    await expect(ask(path).then((answer) => answer.text())).rejects.toThrow(words);
    expect(Date.now() - started).toBeLessThan(1500);
  });

  it("end when the caller is gone", async () => {
    const caller = new AbortController();
    const answer = await ask("/drip", { signal: caller.signal });
    setTimeout(() => caller.abort(), 50);
    await expect(answer.text()).rejects.toThrow();
  });

  it("of nobody are said to be so", async () => {
    await expect(ask("http://127.0.0.1:9/")).rejects.toMatchObject({ code: "address_unreachable" });
  });
});

describe("names", () => {
  const asked: string[] = [];
  const guard = (addresses: string[], allowLoopback = false) =>
    createGuardedFetch({
      fetch: async (url) => {
        asked.push(url);
        return new Response("fine");
      },
      resolve: async () => addresses,
      rules: { allowLoopback, ownOrigin: null },
    });
  const url = "https://mcp.example.com/";

  it("are asked when all that they resolve to is public", async () => {
    const answer = await guard(["93.184.215.14", "2606:2800:21f:cb07::1"])({ url, limits: LIMITS });
    expect(await answer.text()).toBe("fine");
    expect(asked).toEqual([url]);
  });

  it.each([
    [["127.0.0.1"]],
    [["::1"]],
    [["93.184.215.14", "10.0.0.1"]],
    [["93.184.215.14", "fd00::1"]],
    [["169.254.169.254"]],
    [["::ffff:192.168.0.1"]],
    [["not an address"]],
    [[]],
  ])("are refused when they resolve to %j, in local development too [outbound.resolved]", async (addresses) => {
    asked.length = 0;
    for (const allowLoopback of [false, true]) {
      const refusal = guard(addresses, allowLoopback)({ url, limits: LIMITS });
      await expect(refusal).rejects.toMatchObject({ code: "address_refused" });
    }
    expect(asked).toEqual([]);
  });

  it("are resolved again for each hop, right before its request", async () => {
    const steps: string[] = [];
    const guarded = createGuardedFetch({
      fetch: async (target) => {
        steps.push(`fetch ${target}`);
        return new Response(null, { status: 302, headers: { location: "https://rebound.example.com/" } });
      },
      resolve: async (name) => {
        steps.push(`resolve ${name}`);
        return name.startsWith("rebound") ? ["192.168.1.1"] : ["93.184.215.14"];
      },
      rules: { allowLoopback: false, ownOrigin: null },
    });
    await expect(guarded({ url, limits: LIMITS })).rejects.toMatchObject({ code: "address_refused" });
    expect(steps).toEqual(["resolve mcp.example.com", `fetch ${url}`, "resolve rebound.example.com"]);
  });
});

describe("the resolver", () => {
  const resolverWith = (answers: (type: string) => unknown, status = 200) =>
    createResolver({
      resolverUrl: "https://dns.example.com/dns-query",
      fetch: async (url) => Response.json(answers(new URL(url).searchParams.get("type") ?? ""), { status }),
    });

  it("gives every address of both kinds, and no other record", async () => {
    const resolve = resolverWith((type) => ({
      Status: 0,
      Answer: [
        { type: 5, data: "alias.example.com." },
        type === "A" ? { type: 1, data: "1.2.3.4" } : { type: 28, data: "2606::1" },
      ],
    }));
    expect(await resolve("example.com")).toEqual(["1.2.3.4", "2606::1"]);
    expect(await resolverWith(() => ({ Status: 3 }))("example.com")).toEqual([]);
  });

  it("refuses a name of which it knows only half", async () => {
    const half = resolverWith((type) => (type === "A" ? { Status: 0, Answer: [] } : { Status: 2 }));
    await expect(half("example.com")).rejects.toMatchObject({ code: "address_unreachable" });
    await expect(resolverWith(() => ({ Status: 0 }), 500)("example.com")).rejects.toThrow("cannot be resolved");
    await expect(resolverWith(() => "no")("example.com")).rejects.toThrow("cannot be resolved");
  });
});
