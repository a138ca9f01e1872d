import { describe, expect, it } from "vitest";
import { MAX_MODEL_REQUESTS_AT_ONCE } from "../../shared/limits.ts";
import type { SessionRow } from "../sessions/session-store.ts";
import { createModelAdmission } from "./model-admission.ts";

const session = { team_id: "team", runtime_id: "runtime", status: "running" } as SessionRow;
const question = { team_id: "team", runtime_id: "runtime", model: "claude-sonnet-5" };

function setUp() {
  let nowMs = 1_000_000;
  let ids = 0;
  const clock = { nowMs: () => nowMs, nowIso: () => "", newId: () => `request-${(ids += 1)}` };
  const admission = createModelAdmission(clock, ["claude-*"]);
  const begin = () => admission.begin(session, question, "turn");
  return { admission, begin, pass: (ms: number) => void (nowMs += ms) };
}

describe("requests to the model that nobody finished", () => {
  it("are counted no longer once nobody renews them [gateway.admission]", () => {
    const { admission, begin, pass } = setUp();
    for (let index = 0; index < MAX_MODEL_REQUESTS_AT_ONCE; index++) begin();
    expect(begin()).toMatchObject({ error: { code: "too_many_model_requests" } });
    pass(60_000);
    for (let index = 1; index < MAX_MODEL_REQUESTS_AT_ONCE; index++) admission.renew(`request-${index}`);
    expect(begin()).toMatchObject({ error: { code: "too_many_model_requests" } });
    pass(31_000);
    expect(begin()).toMatchObject({ ok: true });
    expect(begin()).toMatchObject({ error: { code: "too_many_model_requests" } });
  });

  it("count again when they are renewed after the object forgot them [gateway.admission]", () => {
    const { admission, begin } = setUp();
    for (let index = 0; index < MAX_MODEL_REQUESTS_AT_ONCE; index++) admission.renew(`earlier-${index}`);
    expect(begin()).toMatchObject({ error: { code: "too_many_model_requests" } });
    admission.finish("earlier-0");
    expect(begin()).toMatchObject({ ok: true });
  });
});
