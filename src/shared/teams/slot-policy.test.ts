import { describe, expect, it } from "vitest";
import { decideGrants, orderWaiting, type Waiting } from "./slot-policy.ts";

const turns = (...names: string[]): Waiting[] =>
  names.map((name) => ({
    turn_id: name,
    user_id: name.charAt(0),
    priority: name.endsWith("!") ? 1 : name.endsWith("?") ? -1 : 0,
  }));
const limits = { per_team: 4, per_user: 2 };

describe("running slots", () => {
  it.each([
    ["first come, first served, for one user", [], ["a1", "a2"], ["a1", "a2"]],
    ["no more than a user's own limit", [], ["a1", "a2", "a3"], ["a1", "a2"]],
    ["fair between users, whoever came with many", [], ["a1", "a2", "b1", "c1"], ["a1", "b1", "c1", "a2"]],
    ["first to whom has fewest", ["a"], ["a1", "b1"], ["b1", "a1"]],
    ["no more than the team's limit", ["a", "b", "c"], ["c1", "d1", "b1"], ["d1"]],
    ["the most urgent of a user first", [], ["a1?", "a2", "a3!"], ["a3!", "a2"]],
    ["no place before others by being urgent", ["a"], ["b1", "a1!"], ["b1", "a1!"]],
    ["the place of its user's first to the most urgent", [], ["a1", "b1!", "b2", "a2!"], ["a2!", "b1!", "a1", "b2"]],
    ["nothing when all are taken", ["a", "a", "b", "b"], ["c1"], []],
    ["nothing to a user at the limit, while others go on", ["a", "a"], ["a1", "b1"], ["b1"]],
  ] as const)("are given %s [team.slots] [team.priority]", (_name, running, waiting, granted) => {
    expect(decideGrants({ running, waiting: turns(...waiting), limits })).toEqual(granted);
  });

  it("tell everybody who waits a place, in the order in which they would go [team.slots]", () => {
    const waiting = turns("a1", "a2", "a3", "b1", "b2");
    expect(orderWaiting({ running: ["b"], waiting })).toEqual(["a1", "a2", "b1", "a3", "b2"]);
  });
});
