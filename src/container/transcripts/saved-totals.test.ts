import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NOTHING_SAVED, readSavedTotals } from "./saved-totals.ts";

const ID = "01890000-0000-4000-8000-000000000001";
const OTHER = "01890000-0000-4000-8000-000000000002";
const saved = (totalCostUSD: number, sessionId = ID) =>
  JSON.stringify({
    type: "cost-state",
    sessionId,
    totalCostUSD,
    modelUsage: { "claude-sonnet-5": { inputTokens: 1, outputTokens: 2, costUSD: totalCostUSD } },
  });
const said = (text: string) => JSON.stringify({ type: "user", message: { content: text } });

describe("what a conversation's file says of its cost", () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "totals-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const totalOf = async (...lines: string[]) => {
    mkdirSync(join(folder, "projects", "-work"), { recursive: true });
    writeFileSync(join(folder, "projects", "-work", `${ID}.jsonl`), lines.join("\n"));
    return (await readSavedTotals(folder, ID)).total_cost_usd;
  };

  it("is what was saved last, wherever it stands [accounting.restart]", async () => {
    const long = said("x".repeat(3 * 1024 * 1024));
    expect(await totalOf(saved(1), said("a"), saved(2), "")).toBe(2);
    expect(await totalOf(saved(3), long, said("b"))).toBe(3);
    expect(await totalOf(long, saved(4), long)).toBe(4);
    expect(await readSavedTotals(folder, ID)).toMatchObject({ model_usage: { "claude-sonnet-5": { cost_usd: 4 } } });
  });

  it("is found across the border of two reads [accounting.restart]", async () => {
    for (let shift = -40; shift <= 0; shift += 1) {
      const after = "y".repeat(1024 * 1024 - Buffer.byteLength(saved(5)) - said("").length + shift);
      expect(await totalOf(said("a"), saved(5), said(after)), String(shift)).toBe(5);
    }
  });

  it("is nothing where only a prompt speaks of it, another conversation saved it, or it is cut off [accounting.restart]", async () => {
    expect(await totalOf(said('"cost-state"'), said(saved(6)), saved(7, OTHER), saved(8).slice(0, -5))).toBe(0);
    expect(await totalOf(saved(9), said(saved(6)), saved(7, OTHER), saved(8).slice(0, -5))).toBe(9);
    expect(await totalOf("")).toBe(0);
    expect(await readSavedTotals(folder, OTHER)).toEqual(NOTHING_SAVED);
  });
});
