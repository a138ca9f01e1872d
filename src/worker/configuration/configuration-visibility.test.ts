import { describe, expect, it } from "vitest";
import type { ConfigurationStore, StoredItem, VersionRow } from "./configuration-store.ts";
import { createConfigurationService, type ConfigurationServiceOptions } from "./configuration-service.ts";

const place = { scope: "team", scope_id: "team" } as const;
const owner = { user_id: "ann", team_id: "team", role: "owner" } as const;
const ben = { user_id: "ben", team_id: "team", role: "member" } as const;
const changed = { changed_by: "ann", changed_at: "2026-11-21T12:00:00.000Z" };
const version = (number: number, summary: string, items: string[]): VersionRow => {
  return { version: number, summary, items, ...changed };
};
const item = (name: string): StoredItem => ({
  kind: "budget",
  name,
  value: { usd_per_day: 5 },
  version: 1,
  ...changed,
});

const VERSIONS = [
  version(4, "set the budget user:cat", ["budget user:cat"]),
  version(3, "set the budget user:ben", ["budget user:ben"]),
  version(2, "back to version 1", ["budget team", "budget user:cat", "budget user:ben"]),
  version(1, "set the budget team", ["budget team"]),
];
const store: Pick<ConfigurationStore, "versions" | "items"> = {
  versions: async () => VERSIONS,
  items: async (_team, { scope }) => (scope === "team" ? ["team", "user:ben", "user:cat"].map(item) : []),
};
const service = createConfigurationService({ store } as unknown as ConfigurationServiceOptions);
const versionsFor = (principal: typeof owner | typeof ben) =>
  service.versions(principal, place, { before: null, limit: 4 });

describe("another person's budget", () => {
  it("is in the versions of the team's configuration for its owners alone [budgets.visibility]", async () => {
    expect(await versionsFor(owner)).toEqual(VERSIONS);
    const seen = await versionsFor(ben);
    // All four, so that a page is as long as it was asked for.
    expect(seen.map(({ version: number }) => number)).toEqual([4, 3, 2, 1]);
    expect(seen.map(({ items }) => items)).toEqual([
      [],
      ["budget user:ben"],
      ["budget team", "budget user:ben"],
      ["budget team"],
    ]);
    expect(JSON.stringify(seen)).not.toContain("cat");
    expect([seen[1], seen[3]]).toEqual([VERSIONS[1], VERSIONS[3]]);
  });

  it("is not in what a member's session is configured by [budgets.visibility]", async () => {
    expect(JSON.stringify(await service.merged(ben, {}))).not.toContain("cat");
    expect(JSON.stringify(await service.merged(owner, {}))).toContain("cat");
  });
});
