import { describe, expect, it } from "vitest";
import { wakeSession } from "./wake-route.ts";

const ids = {
  workspace_id: "01890000-0000-7000-8000-000000000001",
  runtime_id: "01890000-0000-7000-8000-000000000002",
  session_id: "01890000-0000-7000-8000-000000000003",
};

async function wake(request: { authorization?: string; body?: string }, isKnown = true) {
  const asked: unknown[] = [];
  const workspace = () => ({ wake: async (question: unknown) => (asked.push(question), isKnown) });
  const headers = new Headers();
  if (request.authorization !== undefined) headers.set("authorization", request.authorization);
  const body = request.body ?? JSON.stringify(ids);
  const response = await wakeSession(
    { workspace },
    new Request("http://x/runner/wake", { method: "POST", headers, body }),
  );
  return { status: response.status, asked };
}

describe("waking a session", () => {
  it("hands the runner's call to its workspace", async () => {
    const { status, asked } = await wake({ authorization: "Bearer boot-token" });
    expect(status).toBe(204);
    const { workspace_id: _workspace, ...rest } = ids;
    expect(asked).toEqual([{ ...rest, boot_token: "boot-token" }]);
  });

  it("is a 404 when runtime or boot token are not the workspace's", async () => {
    expect((await wake({ authorization: "Bearer boot-token" }, false)).status).toBe(404);
  });

  it.each([
    {},
    { authorization: "Basic x" },
    { authorization: "Bearer t", body: "{" },
    { authorization: "Bearer t", body: "{}" },
    { authorization: "Bearer t", body: JSON.stringify({ ...ids, runtime_id: "x" }) },
    { authorization: "Bearer t", body: "x".repeat(10_000) },
  ])("is a 404 for what does not fit, and reaches no workspace: %#", async (request) => {
    expect(await wake(request)).toEqual({ status: 404, asked: [] });
  });
});
