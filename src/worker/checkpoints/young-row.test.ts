import { describe, expect, it } from "vitest";
import { uuidV7 } from "../../shared/ids.ts";
import { findYoung } from "./young-row.ts";

const idOf = (ageMs: number) => uuidV7(Date.now() - ageMs, new Uint8Array(16));

/** There from that look on. */
function lookFrom(first: number) {
  const made = { looks: 0 };
  return { made, look: async () => (++made.looks >= first ? "row" : null) };
}

describe("a row that follows its checkpoint", () => {
  it("is looked for again while the checkpoint is young, also by a clock that is ahead [checkpoints.timeline]", async () => {
    for (const ageMs of [0, 3_000, -3_000]) expect(await findYoung(idOf(ageMs), lookFrom(3).look)).toBe("row");
  });

  it("is not there when a second has gone by", async () => {
    const { made, look } = lookFrom(Infinity);
    const beganAt = Date.now();
    expect(await findYoung(idOf(0), look)).toBeNull();
    expect(Date.now() - beganAt).toBeGreaterThan(900);
    expect(made.looks).toBe(7);
  });

  it.each([60_000, -60_000])(
    "is looked for once when the checkpoint is %d ms old, and the answer is at once",
    async (ageMs) => {
      const { made, look } = lookFrom(2);
      expect(await findYoung(idOf(ageMs), look)).toBeNull();
      expect(made.looks).toBe(1);
    },
  );
});
