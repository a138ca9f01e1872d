import { describe, expect, it } from "vitest";
import { answer } from "../../shared/errors/app-error.ts";
import { createRuntimeService } from "./runtime-service.ts";

const installed = { path: "/usr/bin/claude", version: "2.1.328", source: "agent-sdk" };
const principal = { user_id: "u", team_id: "t", role: "owner" } as const;

function service(fetch: () => Promise<Response>) {
  return createRuntimeService({
    askSandbox: async () => answer(installed),
    fetch,
    registryUrl: "https://registry.example",
  });
}

describe("looking for updates", () => {
  it("compares what is installed with what the registry says [tools.runtime]", async () => {
    const found = await service(async () =>
      Response.json({ version: "0.3.400", claudeCodeVersion: "2.1.400", other: 1 }),
    ).checkUpdates(principal, null);
    expect(found).toEqual({ installed, newest: { version: "2.1.400", package_version: "0.3.400" } });
  });

  it.each([
    ["cannot be reached", () => Promise.reject(new Error("secret words"))],
    ["answers an error", async () => new Response("secret words", { status: 500 })],
    ["answers no JSON", async () => new Response("secret words")],
    ["answers something else", async () => Response.json({ version: "secret words!" })],
  ])("says so when the registry %s", async (_name, fetch) => {
    const error = await service(fetch)
      .checkUpdates(principal, null)
      .catch((thrown: unknown) => thrown as Error);
    expect(error).toMatchObject({ code: "registry_unavailable" });
    expect((error as Error).message).not.toContain("secret words");
  });
});
