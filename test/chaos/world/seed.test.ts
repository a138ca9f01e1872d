import { describe, expect, it } from "vitest";
import { createDice, type Dice } from "./seed.ts";

const rolls = (dice: Dice) => Array.from({ length: 20 }, () => dice.between(0, 1_000_000));

describe("the chance of a run", () => {
  it("is the same for the same seed, and another for another [chaos.seed]", () => {
    expect(rolls(createDice(7))).toEqual(rolls(createDice(7)));
    expect(rolls(createDice(7))).not.toEqual(rolls(createDice(8)));
  });

  it("is the same for a part of the run, whatever the others roll [chaos.seed]", () => {
    const dice = createDice(7);
    const first = rolls(dice.fork("a part"));
    rolls(dice);
    expect(rolls(dice.fork("a part"))).toEqual(first);
    expect(rolls(dice.fork("another"))).not.toEqual(first);
  });

  it("shuffles without losing any, and stays within its bounds [chaos.seed]", () => {
    const dice = createDice(7);
    const items = Array.from({ length: 50 }, (_, index) => index);
    const shuffled = dice.shuffle(items);
    expect(shuffled).not.toEqual(items);
    expect(shuffled.toSorted((one, other) => one - other)).toEqual(items);
    const values = Array.from({ length: 500 }, () => dice.between(3, 5));
    expect(new Set(values)).toEqual(new Set([3, 4, 5]));
  });
});
