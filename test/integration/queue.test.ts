// What waits in a session: bounded, in order, cheap to look at, and one place in anybody else's queue.
import { describe, expect, it } from "vitest";
import { MAX_PROMPT_BYTES, MAX_QUEUED_TURNS } from "../../src/shared/limits.ts";
import { jsonBytes } from "../../src/shared/events/shorten.ts";
import { inSession, newId, type TestWorld, turnEnd } from "./session-fixture.ts";

const codeOf = (submitted: ReturnType<TestWorld["submit"]>) => (submitted.ok ? "accepted" : submitted.error.code);

describe("a thousand prompts to one session", () => {
  it("are taken up to the limit, in order; the others are told the limit and what to do [session.queue_limit]", async () => {
    await inSession(async (world) => {
      const first = await world.begin("prompt 0");
      const answers = Array.from({ length: 1_000 }, (_, index) => world.submit({ prompt: `prompt ${index + 1}` }));
      expect(answers.map(codeOf)).toEqual([
        ...Array.from({ length: MAX_QUEUED_TURNS }, () => "accepted"),
        ...Array.from({ length: 1_000 - MAX_QUEUED_TURNS }, () => "too_many_queued_turns"),
      ]);
      const refused = answers.at(-1);
      expect(refused?.ok === false && refused.error.message).toMatch(/50 prompts waiting.*Wait.*interrupt/);
      for (let ran = 0; ran <= MAX_QUEUED_TURNS; ran++) {
        const { turn_id } = world.runner!.started.at(-1) ?? { turn_id: first.turnId };
        await world.runner!.say(turnEnd(turn_id));
        await world.settle();
      }
      const prompts = Array.from({ length: MAX_QUEUED_TURNS + 1 }, (_, index) => `prompt ${index}`);
      expect(world.runner!.started.map(({ prompt }) => prompt)).toEqual(prompts);
      expect(codeOf(world.submit({ prompt: "room again" }))).toBe("accepted");
    });
  });

  it("leave the session quick and small to look at, however large they are [session.queue_limit]", async () => {
    await inSession(async (world) => {
      world.leaseHeldBy = newId();
      const large = "x".repeat(MAX_PROMPT_BYTES);
      for (let index = 0; index < 1_000; index++) world.submit({ prompt: large });
      await world.session.driver.drive();
      const begun = performance.now();
      for (let look = 0; look < 100; look++) world.session.reader.view();
      const wait = {
        principal: world.principal,
        after_cursor: 0,
        wait_ms: 0,
        return_on: "turn",
        turn_id: null,
      } as const;
      const waited = await world.session.reader.wait(wait);
      expect((performance.now() - begun) / 100).toBeLessThan(20);
      expect(jsonBytes(waited)).toBeLessThan(8_000);
      expect(waited).toMatchObject({ session: { status: "queued", turns: MAX_QUEUED_TURNS }, turn: { number: 1 } });
      const rows = world.storage.sql.exec("SELECT max(length(prompt)) AS longest, count(*) AS n FROM turns").one();
      expect(rows).toEqual({ longest: MAX_PROMPT_BYTES, n: MAX_QUEUED_TURNS });
    });
  });

  it("ask for the lease and for a slot one at a time, so that nobody else waits behind all of them [session.queue_limit] [team.slots]", async () => {
    await inSession(async (world) => {
      world.slotFree = false;
      for (let index = 0; index < 1_000; index++) world.submit();
      for (let looks = 0; looks < 3; looks++) await world.session.driver.drive();
      expect(new Set(world.slots.map(({ turn_id }) => turn_id)).size).toBe(1);
    });
  });

  it("that are to join a turn which cannot take them yet are counted as well [session.queue_limit]", async () => {
    await inSession(async (world) => {
      await world.begin();
      const answers = Array.from({ length: 1_000 }, () => world.submit({ if_busy: "steer" }));
      expect(answers.filter(({ ok }) => ok)).toHaveLength(MAX_QUEUED_TURNS);
      expect(codeOf(answers.at(-1)!)).toBe("too_many_queued_turns");
      expect(codeOf(world.submit())).toBe("too_many_queued_turns");
    });
  });
});
