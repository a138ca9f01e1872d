import { describe, expect, it } from "vitest";
import { describeCall } from "./describe-call.ts";
import { auditFactSchema } from "./entry.ts";

describe("what the audit log says of a call", () => {
  it("is its target, its names and numbers, and which arguments it had [audit.recorded]", () => {
    const args = { project: "shop", prompt: "the secret plan", permission_mode: "plan", attachments: ["a"] };
    const answer = { session_id: "s-1", turn_id: "t-1", result: "the whole text" };
    expect(describeCall("execute_claude", args, answer)).toEqual({
      action: "tool.execute_claude",
      target_kind: "session",
      target_id: "s-1",
      details: {
        project: "shop",
        permission_mode: "plan",
        session_id: "s-1",
        turn_id: "t-1",
        arguments: "attachments,permission_mode,project,prompt",
      },
    });
  });

  it("has no prompt, no value of a setting, no message and nothing that is nested [audit.no_content]", () => {
    const secret = "hunter2";
    const args = {
      scope: "user",
      changes: [{ value: secret }],
      env: { TOKEN: secret },
      url: `https://x/?k=${secret}`,
      message: secret,
      prompt: secret,
      content: { q: secret },
      project: { name: secret },
      name: [secret],
    };
    expect(JSON.stringify(describeCall("update_config", args, { value: secret }))).not.toContain(secret);
    expect(describeCall("update_config", secret, null).details).toEqual({ arguments: "" });
  });

  it("cuts what is too long, and keeps out what stores could give back otherwise [audit.chain]", () => {
    const { target_id } = describeCall("delete_project", { project: "x".repeat(5000) }, null);
    expect(target_id).toHaveLength(200);
    const fact = auditFactSchema.parse({
      entry_id: "00000000-0000-7000-8000-000000000001",
      at: "2026-11-21T12:00:00.000Z",
      user_id: null,
      client_id: "c".repeat(5e3),
      target_kind: "project",
      target_id: "a\0b\ud800",
      outcome: "done",
      action: "tool.delete_project",
      decided_by: null,
      details: { name: "\x07" },
    });
    expect([fact.target_id, fact.details["name"], fact.client_id?.length]).toEqual(["a\ufffdb\ufffd", "\ufffd", 512]);
  });

  it("names a proposal that came of it [audit.recorded]", () => {
    const answer = { outcome: "proposed", proposal_id: "p-1" };
    expect(describeCall("update_config", { scope: "team" }, answer)).toMatchObject({
      target_kind: "proposal",
      target_id: "p-1",
    });
  });
});
