import { describe, expect, it } from "vitest";
import { SESSION_STATUSES } from "../sessions/schema.ts";
import { decideIndexing, FIGURES_EVERY_MS, isFiguresNews, sumUp } from "./registry-policy.ts";

const process = {
  pid: 7,
  parent_pid: 1,
  kind: "child" as const,
  command: "sleep 9",
  started_at: "2026-01-01T00:00:00.000Z",
  cpu_percent: 1.25,
  rss_bytes: 100,
};

describe("the registry of what runs", () => {
  it("has a row of each session that works or waits, and takes away that of one at rest [processes.index]", () => {
    const decide = (indexed: boolean) =>
      Object.fromEntries(SESSION_STATUSES.map((status) => [status, decideIndexing({ status, indexed })]));
    const busy = { queued: "put", starting: "put", running: "put", waiting_for_permission: "put" };
    const rest = (what: string) => ({ idle: what, budget_exceeded: what, ended: what, failed: what });
    expect(decide(true)).toEqual({ ...busy, ...rest("remove") });
    expect(decide(false)).toEqual({ ...busy, ...rest("nothing") });
  });

  it("sums up what runs, and names Claude Code's own process [processes.index]", () => {
    expect(sumUp([])).toEqual({ pid: null, started_at: null, processes: 0, cpu_percent: 0, rss_bytes: 0 });
    const claude = { ...process, pid: 42, kind: "claude" as const, started_at: "2026-01-02T00:00:00.000Z" };
    expect(sumUp([process, claude])).toEqual({
      pid: 42,
      started_at: "2026-01-02T00:00:00.000Z",
      processes: 2,
      cpu_percent: 2.5,
      rss_bytes: 200,
    });
  });

  it("writes another process at once and other figures once a minute [processes.index]", () => {
    const [before, now] = [sumUp([process]), sumUp([{ ...process, rss_bytes: 9 }])];
    const isNews = (wish: Partial<Parameters<typeof isFiguresNews>[0]>) =>
      isFiguresNews({ before, now, writtenAtMs: 1000, nowMs: 1000, ...wish });
    expect(isNews({})).toBe(false);
    expect(isNews({ nowMs: 1000 + FIGURES_EVERY_MS })).toBe(true);
    expect(isNews({ before: null })).toBe(true);
    expect(isNews({ writtenAtMs: null })).toBe(true);
    expect(isNews({ now: { ...now, pid: 43 } })).toBe(true);
  });
});
