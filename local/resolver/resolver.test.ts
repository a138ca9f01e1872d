import { describe, expect, it } from "vitest";
import { createResolver } from "../../src/worker/outbound/resolve-name.ts";
import { startResolver } from "./resolver.ts";

describe("the local resolver", () => {
  it("tells the Worker what this machine would connect to", async () => {
    const resolver = await startResolver(async (name) => {
      if (name === "both.example.com") {
        return [
          { address: "10.1.2.3", family: 4 },
          { address: "fd00::1", family: 6 },
        ];
      }
      throw Object.assign(new Error("no"), { code: name === "gone.example.com" ? "ENOTFOUND" : "EAI_AGAIN" });
    });
    const resolve = createResolver({ resolverUrl: resolver.url, fetch: (url, init) => fetch(url, init) });
    expect(await resolve("both.example.com")).toEqual(["10.1.2.3", "fd00::1"]);
    expect(await resolve("gone.example.com")).toEqual([]);
    await expect(resolve("broken.example.com")).rejects.toMatchObject({ code: "address_unreachable" });
    resolver.close();
  });
});
