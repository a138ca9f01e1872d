import { describe, expect, it } from "vitest";
import { inSession, RESULT, TestRunner, turnEnd, type TestWorld } from "./session-fixture.ts";

const UPLOAD = {
  upload_id: "0199e0a4-0000-7000-8000-000000000001",
  name: "a.txt",
  media_type: "text/plain",
  bytes: 3,
  sha256: "a".repeat(64),
} as const;

class OlderRunner extends TestRunner {
  override protocol = 1;
}

async function begin(world: TestWorld, options: Record<string, unknown>): Promise<string> {
  const submitted = world.submit({ options: { timeout_seconds: 60, ...options } });
  if (!submitted.ok) throw new Error(submitted.error.message);
  await world.session.driver.drive();
  return submitted.value.turn_id;
}

describe("a runner of the version before", () => {
  it("is greeted in a version that it knows, and takes a prompt [runner.versions]", async () => {
    await inSession(async (world) => {
      const runner = (world.runner = new OlderRunner());
      const turnId = await begin(world, { attachments: [] });
      expect(runner.started.map(({ turn_id }) => turn_id)).toEqual([turnId]);
      await runner.say(turnEnd(turnId, { result: RESULT }));
      expect(world.session.turns.get(turnId)).toMatchObject({ status: "completed" });
    });
  });

  it.each([
    ["files", { attachments: [UPLOAD] }],
    ["a schema", { output_schema: { type: "object" } }],
  ])(
    "is never given a prompt with %s, which it would leave out: the turn fails and says so [runner.versions]",
    async (_name, options) => {
      await inSession(async (world) => {
        const runner = (world.runner = new OlderRunner());
        const turnId = await begin(world, options);
        await world.settle();
        expect(runner.started).toEqual([]);
        expect(world.session.turns.get(turnId)).toMatchObject({ status: "failed" });
        expect([world.released, world.releasedSlots]).toEqual([[turnId], [turnId]]);
        const [error] = world.session.events
          .page(0, { maxEvents: 100, maxBytes: 1e6 })
          .filter(({ type }) => type === "error_occurred");
        expect(error?.data).toMatchObject({ code: "runner_protocol_unsupported" });
        const next = await begin(world, {});
        expect(runner.started.map(({ turn_id }) => turn_id)).toEqual([next]);
      });
    },
  );
});
