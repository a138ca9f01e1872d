import { describe, expect, it } from "vitest";
import { decideTurnEnd } from "./turn-end-policy.ts";

const result = {
  text: "done",
  subtype: "success",
  is_error: false,
  num_turns: 2,
  duration_ms: 10,
  total_cost_usd: 1.5,
  usage: { input_tokens: 1, output_tokens: 2, cache_read_input_tokens: 3, cache_creation_input_tokens: 4 },
  permission_denials: [],
};
const facts = { reason: "result", result, exitCode: null, signal: null, cliTotalUsdBefore: 1.2 } as const;

describe("decideTurnEnd", () => {
  it("gives a completed turn its own cost and leaves out what there is nothing to say of", () => {
    const end = decideTurnEnd(facts);
    expect(end).toMatchObject({ status: "completed", reason: "completed", error: null });
    expect(end.result?.cost_usd).toBeCloseTo(0.3, 10);
    expect(end.result).not.toHaveProperty("permission_denials");
    expect(end.result).not.toHaveProperty("structured");
  });

  it("takes a total that is lower than before for one that began anew, as after /clear", () => {
    expect(decideTurnEnd({ ...facts, cliTotalUsdBefore: 9 }).result?.cost_usd).toBe(result.total_cost_usd);
  });

  it.each([
    ["error_max_turns", "stopped at max_turns"],
    ["error_max_budget_usd", "stopped at max_budget_usd"],
    ["error_during_execution", "Claude Code ended the turn with an error; the result's text says which"],
  ])("names %s as the reason of a failed turn", (subtype, reason) => {
    expect(decideTurnEnd({ ...facts, result: { ...result, subtype, is_error: true } })).toMatchObject({
      status: "failed",
      reason,
      error: null,
    });
  });

  it.each([
    ["timed_out", "turn_timed_out"],
    ["silent", "turn_silent"],
    ["cli_exited", "cli_exited"],
    ["cli_start_failed", "cli_start_failed"],
  ] as const)("fails a turn that %s with the code %s", (reason, code) => {
    const end = decideTurnEnd({ ...facts, reason, result: null, exitCode: 7 });
    expect(end).toMatchObject({ status: "failed", result: null, error: { code } });
  });

  it("keeps the result that an interrupted turn still had", () => {
    expect(decideTurnEnd({ ...facts, reason: "interrupted" })).toMatchObject({
      status: "interrupted",
      result: { text: "done" },
    });
  });

  it("shows the tools that were refused", () => {
    const denied = [{ tool_name: "Bash", tool_use_id: "toolu_1" }];
    const end = decideTurnEnd({ ...facts, result: { ...result, permission_denials: denied } });
    expect(end.result?.permission_denials).toEqual(denied);
  });

  it.each([
    ["file_not_found", "attachment_not_found"],
    ["upload_gone", "attachment_not_found"],
    ["not_its_type", "attachment_refused"],
    ["too_large", "attachment_refused"],
    ["all_too_large", "attachment_refused"],
    ["empty", "attachment_refused"],
    ["unsupported", "attachment_refused"],
    ["not_fetched", "attachment_refused"],
  ] as const)(
    "fails a turn whose file is %s with the code %s, and names the file [attachments.refused]",
    (problem, code) => {
      const attachment = { file: { project_file: 'a"b.png' }, problem };
      const end = decideTurnEnd({ ...facts, reason: "attachment_refused", result: null, attachment });
      expect(end).toMatchObject({ status: "failed", result: null, error: { code } });
      expect(end.reason).toContain('The attachment "a\\"b.png" ');
    },
  );

  it("passes a structured answer on when it was found valid, and at no other time [structured.validated]", () => {
    const answered = { ...result, structured: { from: "the sandbox" } };
    const value = { checked: true };
    const valid = decideTurnEnd({ ...facts, result: answered, structured: { kind: "valid", value } });
    expect(valid).toMatchObject({ status: "completed", result: { structured: value } });
    expect(decideTurnEnd({ ...facts, result: answered }).result).not.toHaveProperty("structured");
    for (const kind of ["absent", "invalid", "too_large"] as const) {
      const end = decideTurnEnd({ ...facts, result: answered, structured: { kind } });
      expect(end).toMatchObject({ status: "failed", error: { code: "structured_output_missing" } });
      expect(end.result).toMatchObject({ text: "done" });
      expect(end.result).not.toHaveProperty("structured");
    }
    const followUp = decideTurnEnd({ ...facts, structured: { kind: "absent" }, isFollowUp: true });
    expect(followUp).toMatchObject({ status: "completed", error: null });
    const wrongFollowUp = decideTurnEnd({ ...facts, structured: { kind: "invalid" }, isFollowUp: true });
    expect(wrongFollowUp.status).toBe("failed");
  });
});
