import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLossyFetch } from "./lossy-fetch.ts";

let server: Server;
let url = "";
const heard: string[] = [];
beforeEach(async () => {
  heard.length = 0;
  server = createServer((request, response) => {
    request.on("data", (chunk: Buffer) => heard.push(chunk.toString()));
    request.on("end", () => response.end("answer"));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => server.close());

describe("a fetch that loses answers", () => {
  it("sends the request, and loses the answer to it once [chaos.idempotency]", async () => {
    const lossy = createLossyFetch();
    const send = (body: string) => lossy.fetch(url, { method: "POST", body }).then((response) => response.text());
    lossy.loseAnswerTo("key-1", 5_000);
    expect(await send("key-2")).toBe("answer");
    await expect(send("key-1")).rejects.toThrow("cut before the answer arrived");
    expect(heard).toEqual(["key-2", "key-1"]);
    expect(await send("key-1")).toBe("answer");
  });
});
